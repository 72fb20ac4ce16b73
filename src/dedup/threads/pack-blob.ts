import { PlainChunker } from "../../chunks/plain/plain-chunker.ts";
import type { BlobRecipe } from "../../chunks/recipe/blob-recipe.ts";
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import { Digester } from "../../oci/digest.ts";
import { decodeStream, type StreamDecoder } from "../../recompress/decode.ts";
import { FORMAT_SHOWS_IN_BYTES, formatOf } from "../../recompress/stream-format.ts";
import { blobPieces } from "./blob-pieces.ts";
import { NewChunks, type PackedSource } from "./new-chunks.ts";
import { PackOutput } from "./pack-output.ts";
import type { StoreHost } from "./store-host.ts";
import type { PackOrder, PackResult } from "./thread-messages.ts";
import { WrongBytes } from "./wrong-bytes.ts";

/** What an order is carried out with. */
export interface PackingTools {
  readonly host: StoreHost;
  /** Of all chunks that packs have. */
  readonly packed: PackedSource;
}

/** How much of a blob is read before it is judged by its packs so far. */
const JUDGED_FROM_BYTES = 64 * 1024 * 1024;
/**
 * What was never compressed may take a little more room than it had: the next version of it will take less.
 * What is compressed, and stays so, has nothing in common with its next version.
 */
const MOST_SHARE_OF_PLAIN = 1.005;

/**
 * Makes packs of the blob's chunks that no pack has.
 * @throws {WrongBytes} {HostReadFailed} {BlobRecipeError} when the recipe is not the blob's.
 */
export async function packBlob(
  blob: BlobRecipe,
  order: PackOrder,
  { host, packed }: PackingTools,
): Promise<PackResult> {
  const packs = new PackOutput(host);
  const chunks = new NewChunks(blob, order.base, { packs, packed });
  const chunker = new PlainChunker((id, chunk) => chunks.take(id, chunk));
  const digester = new Digester("sha256");
  const decoder = decoderFor(blob, chunker);
  const judge = new SizeJudge(blob, order.recipe.length);
  for await (const bytes of blobPieces(order, host)) {
    digester.update(bytes);
    decoder.write(bytes);
    judge.take(bytes);
    await chunks.write();
    await host.room();
    if (judge.isHopeless(packs.sizeBytes)) {
      return { kind: "pack", chunks: chunks.count, packBytes: packs.sizeBytes, isTooLarge: true };
    }
  }
  decoder.end();
  const digest = digester.digest();
  if (digest !== order.digest) throw new WrongBytes(order.digest, digest);
  checkSame(chunker.end().chunks.idBytes, blob);
  await chunks.end();
  packs.end();
  const packBytes = packs.sizeBytes;
  const isTooLarge = judge.isTooLarge(packBytes);
  return { kind: "pack", chunks: chunks.count, packBytes, isTooLarge };
}

function decoderFor(blob: BlobRecipe, chunker: PlainChunker): StreamDecoder {
  if (blob.stream !== undefined) return decodeStream((plain) => chunker.write(plain));
  return { write: (bytes) => chunker.write(bytes), end: () => undefined };
}

/** Nothing that was written by another program, or another version of this one, is believed. */
function checkSame(idBytes: Uint8Array, { chunks }: BlobRecipe): void {
  if (Buffer.compare(idBytes, chunks.idBytes) === 0) return;
  throw new BlobRecipeError("the recipe names other chunks than the blob has");
}

/** Tells whether a blob would take more room cold than it does now. */
class SizeJudge {
  readonly #recipeBytes: number;
  readonly #blobBytes: number;
  readonly #hasStream: boolean;
  #mostShare: number | undefined;
  #takenBytes = 0;

  constructor(blob: BlobRecipe, recipeBytes: number) {
    this.#recipeBytes = recipeBytes;
    this.#blobBytes = blob.blobBytes;
    this.#hasStream = blob.stream !== undefined;
  }

  take(bytes: Uint8Array): void {
    this.#mostShare ??= this.#shareFor(bytes);
    this.#takenBytes += bytes.length;
  }

  isHopeless(packBytes: number): boolean {
    return this.#takenBytes >= JUDGED_FROM_BYTES && packBytes > this.#allowed(this.#takenBytes);
  }

  isTooLarge(packBytes: number): boolean {
    return packBytes + this.#recipeBytes > this.#allowed(this.#blobBytes);
  }

  #allowed(blobBytes: number): number {
    return blobBytes * (this.#mostShare ?? 1);
  }

  #shareFor(head: Uint8Array): number {
    const isCompressed = head.length >= FORMAT_SHOWS_IN_BYTES && formatOf(head) !== undefined;
    return this.#hasStream || isCompressed ? 1 : MOST_SHARE_OF_PLAIN;
  }
}
