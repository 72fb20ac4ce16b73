/** What the kernel can do with files better than node: called through node:ffi, and only once it was seen to work. */
import { closeSync, openSync, readSync } from "node:fs";

/** A part of a file, in bytes. */
export interface FileRange {
  readonly startBytes: number;
  readonly lengthBytes: number;
}

export interface KernelFiles {
  /**
   * Hands bytes of a file to a socket, without a copy in this process. The socket must not block, as
   * those of node do not; the bytes should be in memory, or the call waits for the disk.
   * @returns how many were taken. Fewer than asked for, or 0: the socket is full, the file ends, or
   * the call failed. Reading and writing the rest the ordinary way waits, or tells which it was.
   */
  send(socketFd: number, fileFd: number, range: FileRange): number;

  /**
   * How many bytes from the start of the range on can be read without waiting for the disk. It looks
   * at no more than {@link LOOK_BYTES}, and says 0 when it cannot tell. A quiet file is one that
   * nobody is reading from the disk just now: asking is ten times as fast then, but bytes that are
   * still on their way count as there.
   */
  residentBytes(fileFd: number, range: FileRange & { readonly isQuiet: boolean }): number;

  /** Whether {@link residentBytes} is told the truth about files of this user: of others' files the kernel says they all were in memory. */
  canTell(ownerUid: number): boolean;
}

/** As far ahead as one call of {@link KernelFiles.residentBytes} looks. */
export const LOOK_BYTES = 4 * 2 ** 20;

/** @returns `undefined` where the kernel or this build of node lacks what it takes, or anything is not as it should be. */
export async function loadKernelFiles(): Promise<KernelFiles | undefined> {
  const isKnown = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);
  if (!isKnown) return undefined;
  try {
    const calls = await bindCalls();
    const files = kernelFiles(calls);
    return isWorking(files, calls) ? files : undefined;
  } catch {
    return undefined; // whatever it is: there is another way to send files
  }
}

interface Calls {
  getpagesize(): number;
  mincore(address: bigint, lengthBytes: bigint, pages: Uint8Array): number;
  mmap(...region: readonly [bigint, bigint, number, number, number, bigint]): bigint;
  munmap(address: bigint, lengthBytes: bigint): number;
  sendfile(...call: readonly [number, number, BigInt64Array, bigint]): bigint;
  socketpair(...call: readonly [number, number, number, Int32Array]): number;
  syscall(...call: readonly [bigint, number, BigUint64Array, BigUint64Array, number]): bigint;
}

/** @throws {Error} when there is no node:ffi, or no such function in the C library. */
async function bindCalls(): Promise<Calls> {
  const { dlopen } = await import("node:ffi");
  const { functions } = dlopen(null, {
    getpagesize: { arguments: [], return: "i32" },
    mincore: { arguments: ["u64", "u64", "buffer"], return: "i32" },
    mmap: { arguments: ["u64", "u64", "i32", "i32", "i32", "i64"], return: "u64" },
    munmap: { arguments: ["u64", "u64"], return: "i32" },
    sendfile: { arguments: ["i32", "i32", "buffer", "u64"], return: "i64" },
    socketpair: { arguments: ["i32", "i32", "i32", "buffer"], return: "i32" },
    syscall: { arguments: ["i64", "i32", "buffer", "buffer", "u32"], return: "i64" },
  });
  return functions;
}

function kernelFiles(calls: Calls): KernelFiles {
  const offset = new BigInt64Array(1);
  const areAllCached = createCacheQuery(calls);
  const countUptodate = createPageQuery(calls);
  return {
    send(socketFd, fileFd, { startBytes, lengthBytes }) {
      offset[0] = BigInt(startBytes);
      return Math.max(0, Number(calls.sendfile(socketFd, fileFd, offset, BigInt(lengthBytes))));
    },

    residentBytes(fileFd, { startBytes, lengthBytes, isQuiet }) {
      const range = { startBytes, lengthBytes: Math.min(lengthBytes, LOOK_BYTES) };
      if (isQuiet && areAllCached(fileFd, range)) return range.lengthBytes;
      return countUptodate(fileFd, range);
    },

    canTell: (ownerUid) => [0, ownerUid].includes(process.geteuid?.() ?? -1),
  };
}

/** Since Linux 6.5, the same on every architecture; the C library need not know it. */
const CACHESTAT = 451n;

/** Whether a range has all its pages in the cache, filled or not. Also says no when it cannot tell. */
function createCacheQuery(calls: Calls): (fileFd: number, range: FileRange) => boolean {
  const pageBytes = calls.getpagesize();
  const asked = new BigUint64Array(2);
  const told = new BigUint64Array(5);
  return (fileFd, { startBytes, lengthBytes }) => {
    const firstPage = Math.floor(startBytes / pageBytes);
    const endPage = Math.ceil((startBytes + lengthBytes) / pageBytes);
    asked[0] = BigInt(startBytes);
    asked[1] = BigInt(lengthBytes);
    const isTold = calls.syscall(CACHESTAT, fileFd, asked, told, 0) === 0n;
    return isTold && told[0] === BigInt(endPage - firstPage);
  };
}

const PROT_NONE = 0;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;

/** Counts the bytes up to the first page that is not in the cache, or not filled yet. */
function createPageQuery(calls: Calls): (fileFd: number, range: FileRange) => number {
  const pageBytes = calls.getpagesize();
  const pages = new Uint8Array(LOOK_BYTES / pageBytes + 1);
  return (fileFd, { startBytes, lengthBytes }) => {
    const skipped = startBytes % pageBytes;
    const mapped = BigInt(skipped + lengthBytes);
    const position = BigInt(startBytes - skipped);
    const address = calls.mmap(0n, mapped, PROT_NONE, MAP_SHARED, fileFd, position);
    if (address === MAP_FAILED) return 0;
    const isTold = calls.mincore(address, mapped, pages) === 0;
    calls.munmap(address, mapped);
    if (!isTold) return 0;
    const count = Math.ceil((skipped + lengthBytes) / pageBytes);
    const firstAbsent = pages.subarray(0, count).findIndex(isAbsent);
    return firstAbsent === -1 ? lengthBytes : Math.max(0, firstAbsent * pageBytes - skipped);
  };
}

/** Only the lowest bit means something. */
function isAbsent(page: number): boolean {
  return (page & 1) === 0;
}

const AF_UNIX = 1;
const SOCK_STREAM_NONBLOCK = 1 | 0o4000;
const TRIED = { startBytes: 3, lengthBytes: 100 } as const;

/** Sends a little of a file that is certainly there, through a pair of sockets. @throws {Error} */
function isWorking(files: KernelFiles, calls: Calls): boolean {
  using resources = new DisposableStack();
  const own = (fd: number): number => resources.adopt(fd, closeSync);
  const file = own(openSync(process.execPath, "r"));
  const pair = new Int32Array([-1, -1]);
  if (calls.socketpair(AF_UNIX, SOCK_STREAM_NONBLOCK, 0, pair) !== 0) return false;
  const [from = -1, to = -1] = pair;
  if (from < 0 || to < 0) return false;
  own(from);
  own(to);
  const expected = Buffer.alloc(TRIED.lengthBytes);
  const actual = Buffer.alloc(TRIED.lengthBytes);
  readSync(file, expected, 0, TRIED.lengthBytes, TRIED.startBytes);
  return (
    files.residentBytes(file, { ...TRIED, isQuiet: false }) === TRIED.lengthBytes &&
    files.send(from, file, TRIED) === TRIED.lengthBytes &&
    readSync(to, actual, 0, TRIED.lengthBytes, null) === TRIED.lengthBytes &&
    actual.equals(expected)
  );
}
