/** Uploads whose running hash fails: they end as they would have, the staged object being hashed. */
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entryUrl } from "../../src/app/entries.ts";
import { type ContentStore, createContentStore } from "../../src/content/content-store.ts";
import { DigestMismatch } from "../../src/content/errors.ts";
import { createHashStaged } from "../../src/content/hash-staged.ts";
import { HashThreads } from "../../src/content/hash-threads.ts";
import type { Hashing } from "../../src/content/hashing.ts";
import { blobData } from "../../src/content/layout.ts";
import { RememberedDigests, RunningDigests } from "../../src/content/upload-digests.ts";
import type { UploadId } from "../../src/content/upload-id.ts";
import type { Chunk, UploadEnd } from "../../src/content/upload-store.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { createInMemoryStore } from "../../storage-drivers/inmemory/inmemory-store.ts";
import { calm, chunks, collect, pattern } from "../contracts/storage-subject.ts";
import { INLINE_HASHING } from "../fakes/inline-hashing.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { APP } from "./images.ts";

const PIECE_BYTES = 1000;
const WHOLE = pattern(9 * PIECE_BYTES);
const DIGEST = digestOf(WHOLE);
const END: UploadEnd = { chunk: undefined, digest: DIGEST };

let driver: InMemoryDriver;
/** How often a staged object was hashed from the store. */
let hashedAgain: number;
beforeEach(() => {
  driver = new InMemoryDriver(createInMemoryStore());
  hashedAgain = 0;
});
afterEach(() => driver[Symbol.asyncDispose]());

async function openContent(hashing: Hashing): Promise<ContentStore> {
  const hashStaged = createHashStaged(driver, entryUrl("hash-worker"));
  return await createContentStore({
    driver,
    log: new RecordingLogger(),
    validation: { disabled: false, urls: undefined, indexes: undefined },
    tagConcurrency: 4,
    hashing,
    hashStaged: async (...call) => {
      hashedAgain += 1;
      return await hashStaged(...call);
    },
  });
}

/** Three pieces, `between` being awaited after the first of them. */
function third(index: number, between?: () => unknown): Chunk {
  const at = 3 * index * PIECE_BYTES;
  const pieces = [0, 1, 2].map((piece) => WHOLE.subarray(at).subarray(piece * PIECE_BYTES));
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    for (const [number, piece] of pieces.entries()) {
      if (number === 1) await between?.();
      yield piece.subarray(0, PIECE_BYTES);
    }
  };
  return { bytes: bytes(), startBytes: at };
}

describe("a hash thread that ends in the middle of an upload", () => {
  let threads: HashThreads;
  let started: Worker[];
  const note = (worker: Worker): number => started.push(worker);
  const kill = (): Promise<unknown> => Promise.all(started.map((worker) => worker.terminate()));
  beforeEach(() => {
    started = [];
    process.on("worker", note);
    threads = new HashThreads({ threadUrl: entryUrl("hash-thread"), maxThreads: 1 });
  });
  afterEach(async () => {
    process.off("worker", note);
    await threads[Symbol.asyncDispose]();
  });

  it("costs a second look at the bytes, and no chunk fails", async () => {
    const { uploads } = await openContent(threads);
    const upload = await uploads.start(APP, calm());
    await uploads.append(upload, third(0), calm());
    await uploads.append(upload, third(1, kill), calm());
    expect(started).toHaveLength(1);
    expect(await uploads.append(upload, third(2), calm())).toMatchObject({ sizeBytes: 9000 });
    expect(await uploads.commit(upload, END, calm())).toMatchObject({ digest: DIGEST });
    expect(hashedAgain).toBe(1);
    expect(await collect(driver.read(blobData(DIGEST), calm()))).toEqual(WHOLE);
  });

  it("fails neither the chunk after which it ended nor the commit", async () => {
    const { uploads } = await openContent(threads);
    const upload = await uploads.start(APP, calm());
    for (const index of [0, 1, 2]) await uploads.append(upload, third(index), calm());
    await kill();
    await uploads.commit(upload, END, calm());
    expect(hashedAgain).toBe(1);
  });

  it("never makes a wrong digest right, and the next upload has a thread again", async () => {
    const { uploads } = await openContent(threads);
    const upload = await uploads.start(APP, calm());
    await uploads.append(upload, third(0, kill), calm());
    const wrong = uploads.commit(upload, END, calm());
    await expect(wrong).rejects.toBeInstanceOf(DigestMismatch);
    const next = await uploads.start(APP, calm());
    for (const index of [0, 1, 2]) await uploads.append(next, third(index), calm());
    await uploads.commit(next, END, calm());
    expect({ hashedAgain, threads: started.length }).toEqual({ hashedAgain: 1, threads: 2 });
  });
});

/** A hash that fails once, at its `failing`th piece, and would give the digest of the others. */
function skipping(failing: number): Hashing {
  return {
    start(algorithms) {
      const inner = INLINE_HASHING.start(algorithms);
      let pieces = 0;
      const update = async (bytes: Uint8Array): Promise<void> => {
        pieces += 1;
        if (pieces === failing) throw new RangeError("no memory for a copy");
        await inner.update(bytes);
      };
      return { ...inner, update };
    },
  };
}

it.each([1, 2, 9])("a hash that missed piece %d is never asked for its digest", async (failing) => {
  const { uploads } = await openContent(skipping(failing));
  const upload = await uploads.start(APP, calm());
  for (const index of [0, 1]) await uploads.append(upload, third(index), calm());
  await uploads.commit(upload, { ...END, chunk: third(2) }, calm());
  expect(hashedAgain).toBe(1);
});

it("running digests that missed a piece have none, and are not remembered", async () => {
  const passed = async (): Promise<RunningDigests> => {
    const running = new RunningDigests(skipping(1), ["sha256"]);
    expect(await Array.fromAsync(running.through(chunks("a", "b")))).toHaveLength(2);
    return running;
  };
  expect(await (await passed()).digests()).toBeUndefined();
  const remembered = new RememberedDigests();
  const id = crypto.randomUUID() as string as UploadId;
  const staged = { sizeBytes: 2, modifiedAt: new Date(), version: "1" };
  remembered.remember(id, staged, await passed());
  expect(remembered.take(id, staged)).toBeUndefined();
});
