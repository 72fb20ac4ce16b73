import { Buffer } from "node:buffer";
import { constants } from "node:fs";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadAllocateShared } from "../../src/os/aligned-memory.ts";
import type { StagedInfo } from "../../src/storage/storage-driver.ts";
import {
  type FileSystem,
  type OpenFile,
  realFileSystem,
} from "../../storage-drivers/filesystem/file-system.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm, chunks, pattern } from "../contracts/storage-subject.ts";
import { systemError } from "./recording-file-system.ts";

const MIB = 1024 * 1024;
const STAGED = "r/_uploads/1/data";
const allocate = await loadAllocateShared();

/** The real file system that counts what is written directly, and may refuse it. */
class DirectCalls {
  opened = 0;
  /** Sizes of the pieces that were offered. */
  readonly offered: number[] = [];
  refuseOpen: string | undefined;
  refuseWrite: string | undefined;
  /** How much one direct write takes at most. */
  shortWriteBytes = Infinity;

  get fileSystem(): FileSystem {
    const real = realFileSystem();
    return {
      ...real,
      open: async (path, flags, mode) => {
        const isDirect = typeof flags === "number" && (flags & constants.O_DIRECT) !== 0;
        if (!isDirect) return await real.open(path, flags, mode);
        this.opened += 1;
        if (this.refuseOpen !== undefined) throw systemError(this.refuseOpen);
        return this.#watch(await real.open(path, flags, mode));
      },
    };
  }

  #watch(file: OpenFile): OpenFile {
    return new Proxy(file, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        if (property !== "writev") return value.bind(target) as unknown;
        return async ([piece = Buffer.alloc(0)]: readonly Uint8Array[]) => {
          this.offered.push(piece.byteLength);
          if (this.refuseWrite !== undefined) throw systemError(this.refuseWrite);
          return await target.writev([piece.subarray(0, this.shortWriteBytes)]);
        };
      },
    });
  }
}

let resources: AsyncDisposableStack;
let root: string;
let calls: DirectCalls;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  root = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-"))).path;
  calls = new DirectCalls();
});
afterEach(() => resources.disposeAsync());

/** Aligned blocks of 1 MiB, as bodies are received. */
async function* blocks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const block = allocate(MIB);
  for (let at = 0; at < bytes.byteLength; at += MIB) {
    const piece = bytes.subarray(at, at + MIB);
    block.set(piece);
    yield block.subarray(0, piece.byteLength);
  }
}

/** Appends each of `sources` in turn, and checks that the file holds them all. */
async function append(
  sources: readonly Uint8Array[],
  settings: { readonly directWrites?: boolean } = {},
): Promise<void> {
  const driver = await FilesystemDriver.open(
    { rootDirectory: root, maxThreads: 25, ...settings },
    calls.fileSystem,
  );
  let at: StagedInfo = await driver.staging.create(STAGED, calm());
  for (const source of sources) {
    at = await driver.staging.append(STAGED, blocks(source), { ...calm(), at });
  }
  const whole = Buffer.concat(sources);
  expect(at.sizeBytes).toBe(whole.byteLength);
  expect((await readFile(join(root, STAGED))).equals(whole)).toBe(true);
}

describe("FilesystemStaging.append()", () => {
  it("writes blocks round the page cache, and what is left over in the ordinary way", async () => {
    await append([pattern(3 * MIB + 700_001)]);
    expect(calls.opened).toBe(1);
    expect(calls.offered).toEqual([MIB, MIB, MIB, 700_001 - (700_001 % 4096)]);
  });

  it("goes on so after a chunk that ended at a whole page, not after another", async () => {
    await append([pattern(MIB + 4096), pattern(MIB, 2), pattern(5, 3), pattern(2 * MIB, 4)]);
    expect(calls.offered).toEqual([MIB, MIB]);
  });

  it("leaves small uploads to the page cache", async () => {
    await append([pattern(500_000)]);
    expect(calls.opened).toBe(0);
  });

  it("leaves everything to the page cache when the setting says so", async () => {
    await append([pattern(2 * MIB)], { directWrites: false });
    expect(calls.opened).toBe(0);
  });

  it.each(["EINVAL", "EOPNOTSUPP"])(
    "tries once where the file system says %s to opening",
    async (code) => {
      calls.refuseOpen = code;
      await append([pattern(3 * MIB)]);
      expect(calls.opened).toBe(1);
    },
  );

  it("tries once where the file system says EINVAL to writing", async () => {
    calls.refuseWrite = "EINVAL";
    await append([pattern(3 * MIB)]);
    expect(calls.offered).toEqual([MIB]);
  });

  it("writes the rest in the ordinary way when the disk takes less than all", async () => {
    calls.shortWriteBytes = 8192;
    await append([pattern(2 * MIB)]);
    expect(calls.offered).toEqual([MIB, MIB]);
  });

  it("fails when the disk is full", async () => {
    calls.refuseWrite = "ENOSPC";
    await expect(append([pattern(2 * MIB)])).rejects.toMatchObject({ kind: "StorageUnavailable" });
  });

  it("takes memory that lies anywhere", async () => {
    const driver = await FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 });
    const at = await driver.staging.create(STAGED, calm());
    const odd = new Uint8Array(2 * MIB + 1).subarray(1).fill(7);
    const grown = await driver.staging.append(STAGED, chunks(Buffer.from(odd.buffer, 1)), {
      ...calm(),
      at,
    });
    expect(grown.sizeBytes).toBe(2 * MIB);
    expect((await readFile(join(root, STAGED))).every((byte) => byte === 7)).toBe(true);
  });
});
