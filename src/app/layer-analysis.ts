/** Reads a layer once to find out who compressed it and what chunks it is made of. */
import { type ChunkedPlain, PlainChunker, type TakeChunk } from "../chunks/plain/plain-chunker.ts";
import { LARGEST_TABLE_BYTES } from "../chunks/recipe/blob-recipe.ts";
import { type BytesKind, bytesKindOf, KIND_BYTES } from "../layouts/bytes-kind.ts";
import { beginsAsImages, IMAGES_START_BYTES } from "../layouts/compressed-images.ts";
import { type Digest, type DigestAlgorithm, Digester } from "../oci/digest.ts";
import { analyseStream } from "../recompress/analyse.ts";
import { decodeStream } from "../recompress/decode.ts";
import type { EngineMemory } from "../recompress/engine-memory.ts";
import type { Outcome } from "../recompress/outcome.ts";
import { FORMAT_SHOWS_IN_BYTES, formatOf } from "../recompress/stream-format.ts";
import { bytesOf, type OpenLayer } from "./layer-bytes.ts";
import { StreamStart } from "./stream-start.ts";

/** What a registry would keep beside the chunks; it leaves whole what takes more. */
const MOST_KEPT_BYTES = LARGEST_TABLE_BYTES / 2;

export interface Analysis {
  readonly bytesKind: BytesKind;
  readonly beginsAsImages: boolean;
  readonly digest: Digest;
  readonly outcome: Outcome;
  /** Of the plain bytes where the layer is exact, else of the bytes as they are; `undefined` when that is too much to keep. */
  readonly chunked: ChunkedPlain | undefined;
}

export interface AnalysisOptions {
  readonly algorithm: DigestAlgorithm;
  readonly memory: EngineMemory;
  /** Told what {@link bytesOf} tells; a second reading is not told. */
  readonly onRead: (bytes: number) => void;
  /** Begins to take chunks, once more from the first one when the layer turns out to be kept as it is. */
  readonly takeChunks: () => TakeChunk;
}

/** @throws {LayoutError} when the file became shorter meanwhile, and what taking chunks throws. */
export async function analyseLayer(layer: OpenLayer, options: AnalysisOptions): Promise<Analysis> {
  const { algorithm, memory, onRead, takeChunks } = options;
  const head = new StreamStart(KIND_BYTES);
  const plainStart = new StreamStart(IMAGES_START_BYTES);
  const digester = new Digester(algorithm);
  const chunker = new BoundedChunker(takeChunks());
  const analyser = analyseStream((plain) => {
    plainStart.take(plain);
    chunker.write(plain);
  }, memory);
  let isWanted = true;
  let isPlain: boolean | undefined;
  for await (const bytes of bytesOf(layer, onRead)) {
    head.take(bytes);
    digester.update(bytes);
    if (isWanted) isWanted = analyser.write(bytes);
    isPlain ??= !isCompressed(bytes);
    if (isPlain) chunker.write(bytes);
  }
  const outcome = analyser.end();
  const isChunked = outcome.kind === "exact" || isPlain === true;
  const again = { form: "as it is", onChunk: takeChunks() } as const;
  return {
    bytesKind: bytesKindOf(head.bytes, layer.range.sizeBytes),
    beginsAsImages: beginsAsImages(plainStart.bytes),
    digest: digester.digest(),
    outcome,
    chunked: isChunked ? chunker.end() : await chunkLayer(layer, again),
  };
}

/** How to chunk a layer. */
export interface Chunking {
  readonly form: "plain" | "as it is";
  readonly onChunk: TakeChunk;
  readonly onRead?: (bytes: number) => void;
}

/** Reads a layer once more, for its chunks alone. What comes back is as in {@link Analysis}. */
export async function chunkLayer(
  layer: OpenLayer,
  { form, onChunk, onRead }: Chunking,
): Promise<ChunkedPlain | undefined> {
  const chunker = new BoundedChunker(onChunk);
  const decoder = form === "plain" ? decodeStream((plain) => chunker.write(plain)) : undefined;
  for await (const bytes of bytesOf(layer, onRead)) (decoder ?? chunker).write(bytes);
  decoder?.end();
  return chunker.end();
}

/** @param start the layer's first bytes */
function isCompressed(start: Uint8Array): boolean {
  return start.length >= FORMAT_SHOWS_IN_BYTES && formatOf(start) !== undefined;
}

/** Gives up where a registry would. */
class BoundedChunker {
  readonly #chunker: PlainChunker;

  constructor(onChunk: TakeChunk) {
    this.#chunker = new PlainChunker(onChunk);
  }

  write(plain: Uint8Array): void {
    if (!this.#isTooLarge) this.#chunker.write(plain);
  }

  end(): ChunkedPlain | undefined {
    const chunked = this.#chunker.end();
    return this.#isTooLarge ? undefined : chunked;
  }

  get #isTooLarge(): boolean {
    return this.#chunker.keptBytes > MOST_KEPT_BYTES;
  }
}
