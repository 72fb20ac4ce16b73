import { analyseStream } from "../../recompress/analyse.ts";
import type { EngineMemory } from "../../recompress/engine-memory.ts";
import type { RawReason } from "../../recompress/outcome.ts";
import { encodeRecipe } from "../../recompress/recipe.ts";
import type { StreamAnalyser } from "../../recompress/stream-codec.ts";
import { FORMAT_SHOWS_IN_BYTES, formatOf } from "../../recompress/stream-format.ts";
import { type Digest, Digester } from "../../oci/digest.ts";
import { type ChunkedPlain, PlainChunker, type TakeChunk } from "../plain/plain-chunker.ts";
import { type BlobRecipe, LARGEST_TABLE_BYTES } from "../recipe/blob-recipe.ts";

/** Of what is kept besides the chunks, with room for what is still to come. */
const MOST_KEPT_BYTES = LARGEST_TABLE_BYTES / 2;

/** What came of a blob. */
export type ChunkedBlob =
  | { readonly kind: "chunked"; readonly recipe: BlobRecipe }
  /** Its compression cannot be taken off. It can still be chunked as the bytes it is: begin again. */
  | { readonly kind: "raw"; readonly reason: RawReason }
  /** It would take too much memory to keep what is between its chunks. */
  | { readonly kind: "too-large" };

/** How to take a blob. */
export interface BlobChunking {
  /** Whether to leave its compression as it is. */
  readonly asItIs: boolean;
  readonly onChunk: TakeChunk;
  readonly memory?: EngineMemory | undefined;
}

/** Makes chunks of a blob, as it was pushed: of its plain bytes where its compression can be taken off. */
export class BlobChunker {
  readonly #chunker: PlainChunker;
  readonly #options: BlobChunking;
  readonly #digester = new Digester("sha256");
  readonly #head = new Uint8Array(FORMAT_SHOWS_IN_BYTES);
  #headBytes = 0;
  #blobBytes = 0;
  #analyser: StreamAnalyser | undefined;
  #isWanted = true;

  constructor(options: BlobChunking) {
    this.#options = options;
    this.#chunker = new PlainChunker(options.onChunk);
  }

  /**
   * Takes the blob's next bytes, however they are cut.
   * @returns `false` once no more are needed, for it will not be chunked.
   */
  write(bytes: Uint8Array): boolean {
    if (!this.#isWanted) return false;
    this.#digester.update(bytes);
    this.#blobBytes += bytes.length;
    const taken = Math.min(bytes.length, FORMAT_SHOWS_IN_BYTES - this.#headBytes);
    this.#head.set(bytes.subarray(0, taken), this.#headBytes);
    this.#headBytes += taken;
    if (taken > 0 && this.#headBytes === FORMAT_SHOWS_IN_BYTES) this.#begin();
    if (this.#headBytes === FORMAT_SHOWS_IN_BYTES) this.#take(bytes.subarray(taken));
    return this.#isWanted;
  }

  /** The blob has ended, or the caller has. Call once. */
  end(): ChunkedBlob {
    if (this.#headBytes < FORMAT_SHOWS_IN_BYTES)
      this.#chunker.write(this.#head.subarray(0, this.#headBytes));
    const outcome = this.#analyser?.end();
    if (this.#isTooLarge) return { kind: "too-large" };
    if (outcome?.kind === "raw") return outcome;
    const stream = outcome && encodeRecipe(outcome.recipe);
    return { kind: "chunked", recipe: this.#recipeOf(this.#chunker.end(), stream) };
  }

  get #isTooLarge(): boolean {
    return this.#chunker.keptBytes > MOST_KEPT_BYTES;
  }

  #begin(): void {
    if (!this.#options.asItIs && formatOf(this.#head) !== undefined) {
      const onPlain = (plain: Uint8Array): void => this.#chunker.write(plain);
      this.#analyser = analyseStream(onPlain, this.#options.memory);
    }
    this.#take(this.#head);
  }

  #take(bytes: Uint8Array): void {
    const wantsMore = this.#analyser?.write(bytes);
    if (wantsMore === undefined) this.#chunker.write(bytes);
    this.#isWanted = wantsMore !== false && !this.#isTooLarge;
  }

  #recipeOf(chunked: ChunkedPlain, stream: Uint8Array | undefined): BlobRecipe {
    const digest: Digest = this.#digester.digest();
    return { digest, blobBytes: this.#blobBytes, stream, ...chunked };
  }
}
