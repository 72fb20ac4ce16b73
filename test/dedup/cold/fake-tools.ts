/** A cold reader whose blobs are made by the test, byte by byte. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobBroken, NoRecipe } from "../../../src/dedup/cold/blob-maker.ts";
import { ColdReader } from "../../../src/dedup/cold/cold-reader.ts";
import type { BlobSpan } from "../../../src/dedup/threads/make-in-threads.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import type { StorageDriver } from "../../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { pattern } from "../../contracts/storage-subject.ts";
import { RecordingLogger } from "../../fakes/recording-logger.ts";

export const BLOB = pattern(1_000_000);
export const DIGEST = digestOf(BLOB);
const PIECE_BYTES = 100_000;

export interface FakeTools extends AsyncDisposable {
  readonly reader: ColdReader;
  readonly driver: StorageDriver;
  readonly log: RecordingLogger;
  readonly spoolDirectory: string;
  /** Spans that were asked of the maker; `undefined` for the whole. */
  readonly made: (BlobSpan | undefined)[];
  readonly used: Digest[];
  readonly quarantined: Digest[];
  readonly stopping: AbortController;
  readonly now: {
    hasRoom: boolean;
    hasRecipe: boolean;
    /** After so many bytes the blob turns out to be damaged. */
    breaksAfterBytes: number;
    /** Waited for before each piece. */
    piece: () => Promise<void>;
  };
}

export async function openFakeTools({
  mayWrite = true,
  driver = new InMemoryDriver(),
}: { readonly mayWrite?: boolean; readonly driver?: StorageDriver } = {}): Promise<FakeTools> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-cold-reader-"));
  const log = new RecordingLogger();
  const stopping = new AbortController();
  const now: FakeTools["now"] = {
    hasRoom: true,
    hasRecipe: true,
    breaksAfterBytes: Infinity,
    piece: async () => undefined,
  };
  const made: (BlobSpan | undefined)[] = [];
  const used: Digest[] = [];
  const quarantined: Digest[] = [];
  async function* make(
    span: BlobSpan | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    made.push(span);
    if (!now.hasRecipe) throw new NoRecipe("there is none");
    const end = span?.endBytes ?? BLOB.length;
    for (let at = span?.startBytes ?? 0; at < end; at += PIECE_BYTES) {
      await now.piece();
      signal.throwIfAborted();
      if (at >= now.breaksAfterBytes) throw new BlobBroken(DIGEST, "a chunk is damaged");
      yield BLOB.subarray(at, Math.min(end, at + PIECE_BYTES));
    }
  }
  const reader = new ColdReader({
    driver,
    recipes: {
      blobBytes: async () => (now.hasRecipe ? BLOB.length : undefined),
      quarantine: async (digest) => void quarantined.push(digest),
    },
    tools: async () => ({
      maker: {
        whole: (_, { signal }) => make(undefined, signal),
        stretch: (_, span, { signal }) => make(span, signal),
      },
      room: { hasFor: async () => now.hasRoom },
      spoolDirectory: folder.path,
    }),
    onUse: (digest) => void used.push(digest),
    mayWrite,
    log,
    stopping: stopping.signal,
  });
  return {
    reader,
    driver,
    log,
    spoolDirectory: folder.path,
    made,
    used,
    quarantined,
    stopping,
    now,
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new Error("the test is over"));
      await reader.ended();
      await folder.remove();
    },
  };
}

/** Lets pieces through one at a time. */
export class Gate {
  #passes = 0;
  readonly #waiting: (() => void)[] = [];

  readonly pass = async (): Promise<void> => {
    if (this.#passes > 0) {
      this.#passes -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  };

  /** Lets so many more through. */
  open(count: number): void {
    this.#passes += count;
    while (this.#passes > 0 && this.#waiting.length > 0) {
      this.#passes -= 1;
      this.#waiting.shift()?.();
    }
  }
}
