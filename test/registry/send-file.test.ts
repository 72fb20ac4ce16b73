/** The sender of files by itself, with kernels that take as much as a test wants. */
import { randomBytes, randomInt } from "node:crypto";
import { open, mkdtempDisposable, truncate, writeFile } from "node:fs/promises";
import { createServer as createTlsServer } from "node:https";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RequestListener } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { AddressList } from "../../src/lib/address-list.ts";
import { type FileRange, type KernelFiles, loadKernelFiles } from "../../src/os/kernel-files.ts";
import { Exchange } from "../../src/registry/exchange.ts";
import { FileSender, type SentFile } from "../../src/registry/send-file.ts";
import { createBlocks } from "../../src/registry/receive-body.ts";
import { Outlet } from "../../src/registry/send-file-outlet.ts";
import { openLoopbackServer } from "../fakes/loopback-server.ts";
import { writeCertificate } from "../fixtures/certificates.ts";
import { plainRequest, RawClosed, RawConnection } from "../fixtures/raw-http.ts";

const MIB = 2 ** 20;
const SIZE_BYTES = 24 * MIB;

/** The kernel of this machine, or one that does as it would; writes down what it is asked. */
class WatchedKernel implements KernelFiles {
  sentBytes = 0;
  /** Sent without having been found in memory first. */
  readonly stalls: FileRange[] = [];
  readonly #real: KernelFiles;
  #resident: FileRange = { startBytes: 0, lengthBytes: 0 };

  constructor(real: KernelFiles) {
    this.#real = real;
  }

  static async load(): Promise<WatchedKernel> {
    const nothing = { send: () => 0, residentBytes: () => 0, canTell: () => true };
    return new WatchedKernel((await loadKernelFiles()) ?? nothing);
  }

  /** Both may be replaced by a test. */
  limitSend = (lengthBytes: number): number => lengthBytes;
  limitResident = (lengthBytes: number): number => lengthBytes;

  send(socketFd: number, fileFd: number, range: FileRange): number {
    const { startBytes, lengthBytes } = this.#resident;
    const isKnown = range.startBytes >= startBytes && endOf(range) <= startBytes + lengthBytes;
    if (!isKnown) this.stalls.push(range);
    const limited = this.limitSend(range.lengthBytes);
    if (limited === 0) return 0;
    const sent = this.#real.send(socketFd, fileFd, { ...range, lengthBytes: limited });
    this.sentBytes += sent;
    return sent;
  }

  residentBytes(fileFd: number, range: FileRange & { readonly isQuiet: boolean }): number {
    const lengthBytes = this.limitResident(this.#real.residentBytes(fileFd, range));
    this.#resident = { startBytes: range.startBytes, lengthBytes };
    return lengthBytes;
  }

  canTell(ownerUid: number): boolean {
    return this.#real.canTell(ownerUid);
  }
}

function endOf({ startBytes, lengthBytes }: FileRange): number {
  return startBytes + lengthBytes;
}

interface Served extends AsyncDisposable {
  readonly origin: URL;
  readonly path: string;
  readonly bytes: Buffer;
  readonly failures: unknown[];
  readonly sentBytes: () => number;
}

interface ServeOptions {
  readonly kernel: KernelFiles | undefined;
  readonly isEncrypted?: boolean;
  readonly wrap?: (file: SentFile) => SentFile;
}

/** `/<start>-<length>` is answered with that part of one file; anything else with "hello". */
async function serveFile({
  kernel,
  isEncrypted = false,
  wrap = (file) => file,
}: ServeOptions): Promise<Served> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-send-")));
  const path = join(folder.path, "file");
  const bytes = randomBytes(SIZE_BYTES);
  await writeFile(path, bytes);
  const sender = new FileSender(kernel);
  const failures: unknown[] = [];
  const stopping = new AbortController().signal;
  const external = { host: undefined, relativeUrls: false, trustedProxies: new AddressList([]) };
  const settings = { prefix: "/", external };
  const blocks = createBlocks((sizeBytes) => new Uint8Array(sizeBytes));
  let sentBytes = 0;
  const answer = async (exchange: Exchange): Promise<void> => {
    const { outgoing } = exchange;
    const range = /^\/(\d+)-(\d+)$/.exec(exchange.incoming.url ?? "");
    if (range === null) return void outgoing.end("hello");
    const [startBytes = 0, lengthBytes = 0] = range.slice(1).map(Number);
    await using handle = await open(path);
    using outlet = new Outlet(exchange);
    outgoing.setHeader("Content-Length", lengthBytes);
    const file = wrap({ handle, id: path, ownerUid: process.geteuid?.() ?? -1 });
    await sender.send(file, { startBytes, lengthBytes }, outlet);
    sentBytes += exchange.sentBytes;
    outgoing.end();
  };
  const listener: RequestListener = (incoming, outgoing) => {
    answer(new Exchange({ incoming, outgoing }, { settings, stopping, blocks })).catch(
      (error: unknown) => {
        failures.push(error);
        outgoing.destroy();
      },
    );
  };
  const origin = isEncrypted
    ? await openTls(resources, folder.path, listener)
    : resources.use(await openLoopbackServer(listener)).url;
  const owned = resources.move();
  return {
    origin: new URL(origin),
    path,
    bytes,
    failures,
    sentBytes: () => sentBytes,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openTls(
  resources: AsyncDisposableStack,
  folder: string,
  listener: RequestListener,
): Promise<string> {
  const files = await writeCertificate(folder, "localhost");
  const [cert, key] = [readFileSync(files.certificate), readFileSync(files.key)];
  const server = createTlsServer({ cert, key }, listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  resources.defer(async () => {
    server.closeAllConnections();
    await server[Symbol.asyncDispose]();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Parts of every size on one connection; whatever way they take, they must be right and counted. */
async function expectParts(served: Served): Promise<void> {
  const { origin, bytes } = served;
  const parts = [
    [0, SIZE_BYTES],
    [0, 1],
    [SIZE_BYTES - 1, 1],
    [4_095, 2],
    [1, 16 * 1024],
    [7, 300_000],
    ...Array.from({ length: 12 }, () => {
      const startBytes = randomInt(SIZE_BYTES);
      return [startBytes, randomInt(1, Math.min(3 * MIB, SIZE_BYTES - startBytes + 1))] as const;
    }),
  ] as readonly (readonly [number, number])[];
  using connection = await RawConnection.open(origin);
  for (const [startBytes, lengthBytes] of parts) {
    connection.send(plainRequest("GET", `/${startBytes}-${lengthBytes}`));
    const { body } = await connection.answer();
    const expected = bytes.subarray(startBytes, startBytes + lengthBytes);
    expect([startBytes, lengthBytes, body.equals(expected)]).toEqual([
      startBytes,
      lengthBytes,
      true,
    ]);
  }
  expect(served.failures).toEqual([]);
  // Over TLS a client may have the last bytes before they are reported as written.
  const expectedBytes = parts.reduce((sum, [, length]) => sum + length, 0);
  await expect.poll(served.sentBytes).toBe(expectedBytes);
}

describe("a file", () => {
  it("that is in memory goes out by the kernel, nearly all of it", async () => {
    const kernel = await WatchedKernel.load();
    await using served = await serveFile({ kernel });
    await expectParts(served);
    if (process.platform === "linux") {
      expect(kernel.sentBytes).toBeGreaterThan(served.sentBytes() * 0.9);
    }
    expect(kernel.stalls).toEqual([]);
  });

  it("of which the kernel takes a little, or now and then nothing, arrives whole", async () => {
    const kernel = await WatchedKernel.load();
    kernel.limitSend = (lengthBytes) => Math.min(lengthBytes, randomInt(3) * randomInt(100_000));
    await using served = await serveFile({ kernel });
    await expectParts(served);
    expect(kernel.stalls).toEqual([]);
  });

  it("of which the kernel never takes anything arrives whole", async () => {
    const kernel = await WatchedKernel.load();
    kernel.limitSend = () => 0;
    await using served = await serveFile({ kernel });
    await expectParts(served);
    expect(kernel.sentBytes).toBe(0);
  });

  it("of which only some is in memory arrives whole, and the kernel is not sent to the disk", async () => {
    const kernel = await WatchedKernel.load();
    kernel.limitResident = (lengthBytes) =>
      [0, lengthBytes, Math.floor(lengthBytes / 3)][randomInt(3)] ?? 0;
    await using served = await serveFile({ kernel });
    await expectParts(served);
    expect(kernel.stalls).toEqual([]);
  });

  it("of which nothing is in memory arrives whole, without the kernel", async () => {
    const kernel = await WatchedKernel.load();
    kernel.limitResident = () => 0;
    await using served = await serveFile({ kernel });
    await expectParts(served);
    expect(kernel.sentBytes).toBe(0);
  });

  it("arrives whole where there is no such kernel", async () => {
    await using served = await serveFile({ kernel: undefined });
    await expectParts(served);
  });

  it("of another user is read by other threads, for the kernel would not tell the truth", async () => {
    const kernel = await WatchedKernel.load();
    kernel.canTell = () => false;
    await using served = await serveFile({ kernel });
    await expectParts(served);
    expect(kernel.sentBytes).toBe(0);
  });

  it("never goes round TLS", async () => {
    const kernel = await WatchedKernel.load();
    await using served = await serveFile({ kernel, isEncrypted: true });
    await expectParts(served);
    expect(kernel.sentBytes).toBe(0);
  });
});

describe("a disk that does not answer", () => {
  it("keeps nobody waiting but those who want its bytes", async () => {
    const kernel = await WatchedKernel.load();
    kernel.limitResident = () => 0;
    const disk = Promise.withResolvers<void>();
    let waiting = 0;
    const stuck = (file: SentFile): SentFile => {
      const read = async (...call: Parameters<typeof file.handle.read>): Promise<unknown> => {
        waiting += 1;
        await disk.promise;
        return await file.handle.read(...call);
      };
      const handle = new Proxy(file.handle, {
        get: (target, name) => (name === "read" ? read : Reflect.get(target, name, target)),
      });
      return { ...file, handle };
    };
    await using served = await serveFile({ kernel, wrap: stuck });
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => RawConnection.open(served.origin)),
    );
    for (const client of clients) client.send(plainRequest("GET", `/0-${MIB}`));
    await vi.waitUntil(() => waiting === clients.length);
    using other = await RawConnection.open(served.origin);
    for (let count = 0; count < 50; count += 1) {
      other.send(plainRequest("GET", "/"));
      expect((await other.answer()).body.toString()).toBe("hello");
    }
    disk.resolve();
    for (const client of clients) {
      using connection = client;
      const { body } = await connection.answer();
      expect(body.equals(served.bytes.subarray(0, MIB))).toBe(true);
    }
  });
});

describe("a file that becomes shorter while it is sent", () => {
  it.each([
    ["from memory", (lengthBytes: number) => lengthBytes],
    ["from the disk", () => 0],
  ])("%s cuts the connection: nobody takes a part for the whole", async (_title, limitResident) => {
    const kernel = await WatchedKernel.load();
    kernel.limitResident = limitResident;
    await using served = await serveFile({ kernel });
    using connection = await RawConnection.open(served.origin);
    connection.socket.once("data", () => connection.socket.pause());
    connection.send(plainRequest("GET", `/0-${SIZE_BYTES}`));
    await once(connection.socket, "pause");
    await truncate(served.path, SIZE_BYTES - 1);
    connection.socket.resume();
    await expect(connection.answer()).rejects.toBeInstanceOf(RawClosed);
    await vi.waitUntil(() => served.failures.length > 0);
    expect(served.failures).toMatchObject([{ kind: "FileCutShort" }]);
  });
});

describe("a connection that is cut", () => {
  it("ends the answers that wait for their turn on it as well", async () => {
    const kernel = await WatchedKernel.load();
    let begun = 0;
    const count = (file: SentFile): SentFile => {
      begun += 1;
      return file;
    };
    await using served = await serveFile({ kernel, wrap: count });
    using connection = await RawConnection.open(served.origin);
    connection.socket.pause();
    connection.send(plainRequest("GET", `/0-${SIZE_BYTES}`).repeat(3));
    await vi.waitUntil(() => begun === 3);
    connection.socket.resetAndDestroy();
    await vi.waitUntil(() => served.failures.length === 3);
    using other = await RawConnection.open(served.origin);
    other.send(plainRequest("GET", "/"));
    expect((await other.answer()).status).toBe(200);
  });
});
