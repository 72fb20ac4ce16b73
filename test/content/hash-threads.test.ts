import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryUrl } from "../../src/app/entries.ts";
import type { HashMessage } from "../../src/content/hash-thread.ts";
import { HashThreads } from "../../src/content/hash-threads.ts";
import { RememberedDigests, RunningDigests } from "../../src/content/upload-digests.ts";
import { isUploadId, type UploadId } from "../../src/content/upload-id.ts";
import type { DigestAlgorithm } from "../../src/oci/digest.ts";
import { pattern } from "../contracts/storage-subject.ts";

const MIB = 1024 * 1024;
const WHOLE = pattern(3 * MIB + 17);

let threads: HashThreads;
/** Those that were started in the test, as the process tells it. */
let started: Worker[];
const note = (worker: Worker): number => started.push(worker);
beforeEach(() => {
  started = [];
  process.on("worker", note);
  threads = new HashThreads({ threadUrl: entryUrl("hash-thread"), maxThreads: 2 });
});
afterEach(async () => {
  process.off("worker", note);
  await threads[Symbol.asyncDispose]();
});

function digest(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

async function* pieces(bytes: Uint8Array, pieceBytes = MIB): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    yield bytes.subarray(at, at + pieceBytes);
  }
}

async function pass(running: RunningDigests, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let sizeBytes = 0;
  for await (const piece of running.through(bytes)) sizeBytes += piece.byteLength;
  return sizeBytes;
}

function uploadId(): UploadId {
  const id = crypto.randomUUID();
  if (!isUploadId(id)) throw new TypeError(id);
  return id;
}

describe("HashThreads", () => {
  it("hashes with all algorithms at once", async () => {
    const hash = threads.start(["sha512", "sha256"]);
    for await (const piece of pieces(WHOLE)) await hash.update(piece);
    const digests = await hash.digests();
    expect(digests.get("sha256")).toBe(digest(WHOLE));
    expect(digests.get("sha512")).toBe(digest(WHOLE, "sha512"));
  });

  it("keeps many hashes apart, also of nothing at all", async () => {
    const hashed = Array.from({ length: 9 }, async (_, index) => {
      const bytes = WHOLE.subarray(0, index * 12_345);
      const hash = threads.start(["sha256"]);
      for await (const piece of pieces(bytes, 1_000)) void hash.update(piece);
      expect((await hash.digests()).get("sha256")).toBe(digest(bytes));
    });
    await Promise.all(hashed);
  });

  it("frees memory that is shared and memory that is not, once update() has resolved", async () => {
    for (const memory of [new ArrayBuffer(MIB), new SharedArrayBuffer(MIB)]) {
      const hash = threads.start(["sha256"]);
      const block = new Uint8Array(memory);
      for await (const piece of pieces(WHOLE)) {
        block.set(piece);
        await hash.update(block.subarray(0, piece.byteLength));
        block.fill(0);
      }
      expect((await hash.digests()).get("sha256")).toBe(digest(WHOLE));
    }
  });

  it("uses as many threads as there may be for hashes that were started while all were idle", async () => {
    const hashes = Array.from({ length: 5 }, () => threads.start(["sha256"]));
    await Promise.all(hashes.map((hash) => hash.update(WHOLE)));
    expect(started).toHaveLength(2);
    for (const hash of hashes) expect((await hash.digests()).get("sha256")).toBe(digest(WHOLE));
  });

  it("copies memory that is not shared once, and only what is to be hashed", async () => {
    const hash = threads.start(["sha256"]);
    await hash.update(WHOLE.subarray(0, 1));
    const posted = recordPosted(started[0]);
    await hash.update(WHOLE.subarray(1, 8));
    expect(posted).toEqual([{ kind: "update", memoryBytes: 7, isHandedOver: true }]);
    expect((await hash.digests()).get("sha256")).toBe(digest(WHOLE.subarray(0, 8)));
  });

  it("fails what runs when it is disposed, begun or not", async () => {
    const [hash, unused] = [threads.start(["sha256"]), threads.start(["sha256"])];
    await hash.update(WHOLE);
    await threads[Symbol.asyncDispose]();
    for (const one of [hash, unused]) {
      await expect(one.update(WHOLE)).rejects.toMatchObject({ kind: "HashThreadEnded" });
      await expect(one.digests()).rejects.toMatchObject({ kind: "HashThreadEnded" });
    }
    expect(started).toHaveLength(1);
  });

  it("begins another thread when one has ended", async () => {
    const broken = threads.start(["sha256"]);
    await broken.update(WHOLE);
    await started[0]?.terminate();
    await expect(broken.digests()).rejects.toMatchObject({ kind: "HashThreadEnded" });
    const hash = threads.start(["sha256"]);
    await hash.update(Buffer.from("x"));
    expect((await hash.digests()).get("sha256")).toBe(digest(Buffer.from("x")));
  });

  it("lets nobody who goes on with a hash that is over end those of others", async () => {
    const [over, other] = [threads.start(["sha256"]), threads.start(["sha256"])];
    await over.update(WHOLE);
    await other.update(WHOLE);
    over[Symbol.dispose]();
    await expect(over.update(WHOLE)).rejects.toThrow("over");
    await expect(over.digests()).rejects.toThrow("over");
    expect((await other.digests()).get("sha256")).toBe(digest(WHOLE));
  });
});

interface Posted {
  readonly kind: string;
  readonly memoryBytes: number | undefined;
  /** The sender has it no more. */
  readonly isHandedOver: boolean;
}

function recordPosted(worker: Worker | undefined): readonly Posted[] {
  if (worker === undefined) throw new TypeError("no thread");
  const posted: Posted[] = [];
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (message: HashMessage, handedOver) => {
    const memory = "bytes" in message ? message.bytes.buffer : undefined;
    const memoryBytes = memory?.byteLength;
    post(message, handedOver);
    posted.push({ kind: message.kind, memoryBytes, isHandedOver: memory?.byteLength === 0 });
  };
  return posted;
}

describe("RunningDigests", () => {
  it("go on from one chunk to the next", async () => {
    const running = new RunningDigests(threads, ["sha256"]);
    await pass(running, pieces(WHOLE.subarray(0, MIB + 5)));
    await pass(running, pieces(WHOLE.subarray(MIB + 5)));
    expect(running.sizeBytes).toBe(WHOLE.byteLength);
    expect((await running.digests())?.get("sha256")).toBe(digest(WHOLE));
  });

  it("take nothing more of a chunk that was given up when they are remembered", async () => {
    const running = new RunningDigests(threads, ["sha256"]);
    const late = Promise.withResolvers<Uint8Array>();
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield WHOLE.subarray(0, MIB);
      yield await late.promise;
    };
    const passing = running.through(source());
    await passing.next();
    const waiting = passing.next();
    // As the store does when a newer request takes the upload over.
    const id = uploadId();
    const remembered = new RememberedDigests();
    const staged = { sizeBytes: MIB, modifiedAt: new Date(), version: "1" };
    remembered.remember(id, staged, running);
    late.resolve(Buffer.from("too late"));
    expect((await waiting).done).toBe(true);
    const known = remembered.take(id, staged);
    expect(known?.sizeBytes).toBe(MIB);
    const digests = await known?.digests();
    expect(digests?.get("sha256")).toBe(digest(WHOLE.subarray(0, MIB)));
  });

  it("are not remembered when the store has another size, nor known for another version", () => {
    const remembered = new RememberedDigests();
    const id = uploadId();
    const staged = { sizeBytes: 1, modifiedAt: new Date(), version: "1" };
    remembered.remember(id, staged, new RunningDigests(threads, ["sha256"]));
    expect(remembered.take(id, staged)).toBeUndefined();
    const empty = { ...staged, sizeBytes: 0 };
    remembered.remember(id, empty, new RunningDigests(threads, ["sha256"]));
    expect(remembered.take(id, { ...empty, version: "2" })).toBeUndefined();
    expect(remembered.take(id, empty)).toBeUndefined();
  });
});
