import { describe, expect, it } from "vitest";
import { chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import {
  type BlobRecipe,
  decodeBlobRecipe,
  encodeBlobRecipe,
} from "../../../src/chunks/recipe/blob-recipe.ts";
import { BlobRecipeError } from "../../../src/chunks/recipe/blob-recipe-error.ts";
import { ChunkList } from "../../../src/chunks/recipe/chunk-list.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

function recipeOf(count: number, stream?: Uint8Array): BlobRecipe {
  const random = new SeededRandom(count);
  const chunks = new ChunkList();
  let plainBytes = 512;
  for (let index = 0; index < count; index++) {
    const sizeBytes = random.between(1, 262_144);
    plainBytes += sizeBytes;
    chunks.add({ id: chunkIdOf(Buffer.from(`chunk ${index}`)), sizeBytes });
  }
  const skeleton = [Buffer.from("one column"), Buffer.alloc(0), Buffer.from("another")];
  const digest = digestOf(Buffer.from(`blob ${count}`), count % 2 === 0 ? "sha256" : "sha512");
  return { digest, blobBytes: 123, plainBytes, stream, skeleton, chunks };
}

/** In a form that can be compared. */
function told({ chunks, skeleton, stream, ...rest }: BlobRecipe): unknown {
  const texts = [...skeleton, stream ?? Buffer.from("none")].map((one) =>
    Buffer.from(one).toString(),
  );
  return { ...rest, texts, chunks: [...chunks] };
}

describe("a blob's recipe", () => {
  it.each([
    ["no chunks", recipeOf(0)],
    ["a few chunks and a stream's recipe", recipeOf(7, Buffer.from("BRCP and so on"))],
    ["many chunks", recipeOf(5000)],
  ])("comes back with %s", (_, recipe) => {
    expect(told(decodeBlobRecipe(encodeBlobRecipe(recipe)))).toEqual(told(recipe));
  });

  it("takes little more than sixteen bytes a chunk", () => {
    expect(encodeBlobRecipe(recipeOf(5000)).length).toBeLessThan(5000 * 19.5);
  });

  it("is refused with any bit flipped, and wherever it is cut", () => {
    const bytes = encodeBlobRecipe(recipeOf(3, Buffer.from("BRCP")));
    for (let at = 0; at < bytes.length; at++) {
      const spoilt = Buffer.from(bytes);
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 << (at % 8));
      expect(() => decodeBlobRecipe(spoilt)).toThrow(BlobRecipeError);
      expect(() => decodeBlobRecipe(bytes.subarray(0, at))).toThrow(BlobRecipeError);
    }
  });

  it("is refused when its chunks are more than its plain bytes", () => {
    const recipe = { ...recipeOf(3), plainBytes: 10 };
    expect(() => decodeBlobRecipe(encodeBlobRecipe(recipe))).toThrow("more than its plain bytes");
  });

  it("is refused when it is of a later version, and says so", () => {
    const bytes = encodeBlobRecipe(recipeOf(1));
    bytes[4] = 2;
    expect(() => decodeBlobRecipe(bytes)).toThrow("version 2");
  });
});
