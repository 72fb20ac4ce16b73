import { beforeEach, describe, expect, it } from "vitest";
import { PlainChunker } from "../../../src/chunks/plain/plain-chunker.ts";
import { BlobRecipeError } from "../../../src/chunks/recipe/blob-recipe-error.ts";
import { encodeBlobRecipe } from "../../../src/chunks/recipe/blob-recipe.ts";
import { blobRecipe, quarantinedRecipe } from "../../../src/content/layout.ts";
import { RecipeStore } from "../../../src/dedup/store/recipe-store.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { InMemoryDriver } from "../../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, pattern } from "../../contracts/storage-subject.ts";
import { intercepted } from "../../fakes/failing-driver.ts";
import { damage, keysBelow } from "../at-rest-store.ts";

const BLOB = pattern(100_000);
const DIGEST = digestOf(BLOB);

describe("RecipeStore", () => {
  let driver: InMemoryDriver;
  let recipes: RecipeStore;
  beforeEach(() => {
    driver = new InMemoryDriver();
    recipes = new RecipeStore(driver);
  });

  it("gives a recipe as it was stored, and what it says", async () => {
    expect(await recipes.read(DIGEST, calm())).toBeUndefined();
    expect(await recipes.recipeBytes(DIGEST, calm())).toBeUndefined();
    const stored = recipeOf(BLOB);
    await recipes.write(DIGEST, stored, calm());
    const found = await recipes.read(DIGEST, calm());
    expect(found?.stored.equals(stored)).toBe(true);
    expect(found?.recipe.blobBytes).toBe(BLOB.length);
    expect(await recipes.recipeBytes(DIGEST, calm())).toBe(stored.length);
    await recipes.delete(DIGEST, calm());
    expect(await recipes.read(DIGEST, calm())).toBeUndefined();
  });

  it("refuses a recipe that is damaged, or another blob's", async () => {
    await recipes.write(DIGEST, recipeOf(BLOB), calm());
    await damage(driver, [blobRecipe(DIGEST)]);
    await expect(recipes.read(DIGEST, calm())).rejects.toThrow(BlobRecipeError);
    expect(await recipes.blobBytes(DIGEST, calm())).toBeUndefined();
    await recipes.write(DIGEST, recipeOf(pattern(50_000)), calm());
    await expect(recipes.read(DIGEST, calm())).rejects.toThrow("another blob");
    expect(await recipes.blobBytes(DIGEST, calm())).toBeUndefined();
  });

  it("tells the size of a blob by asking the store each time, reading the recipe once", async () => {
    let reads = 0;
    const counting = intercepted(driver, {
      before: ({ action }) => void (reads += +isRead(action)),
    });
    const counted = new RecipeStore(counting);
    await recipes.write(DIGEST, recipeOf(BLOB), calm());
    for (let round = 0; round < 3; round += 1) {
      expect(await counted.blobBytes(DIGEST, calm())).toBe(BLOB.length);
    }
    expect(reads).toBe(1);
    await recipes.delete(DIGEST, calm());
    expect(await counted.blobBytes(DIGEST, calm())).toBeUndefined();
  });

  it("lists all recipes and nothing else", async () => {
    const digests = await Promise.all([1, 2, 3, 4].map((seed) => planted(pattern(70_000, seed))));
    await driver.write("barge/recipes/sha256/ab/no-digest", Buffer.of(1), calm());
    expect(await Array.fromAsync(recipes.list(calm()))).toEqual(digests.toSorted());
    expect(await Array.fromAsync(recipes.listQuarantined(calm()))).toEqual([]);
  });

  it("sets a recipe aside and brings it back, byte for byte", async () => {
    await planted(BLOB);
    await recipes.quarantine(DIGEST, calm());
    expect(await keysBelow(driver, "")).toEqual([quarantinedRecipe(DIGEST)]);
    expect(await recipes.blobBytes(DIGEST, calm())).toBeUndefined();
    expect((await recipes.readQuarantined(DIGEST, calm()))?.stored).toEqual(recipeOf(BLOB));
    expect(await Array.fromAsync(recipes.listQuarantined(calm()))).toEqual([DIGEST]);
    await recipes.quarantine(DIGEST, calm());
    await recipes.bringBack(DIGEST, calm());
    expect(await keysBelow(driver, "")).toEqual([blobRecipe(DIGEST)]);
    expect((await recipes.read(DIGEST, calm()))?.stored).toEqual(recipeOf(BLOB));
  });

  it("keeps a new recipe when an old one is brought back, and forgets the old one", async () => {
    await planted(BLOB);
    await recipes.quarantine(DIGEST, calm());
    await recipes.write(DIGEST, Buffer.from("new"), calm());
    await recipes.bringBack(DIGEST, calm());
    expect(await keysBelow(driver, "")).toEqual([blobRecipe(DIGEST)]);
    expect(await recipes.recipeBytes(DIGEST, calm())).toBe(3);
    await recipes.bringBack(DIGEST, calm());
    expect(await recipes.recipeBytes(DIGEST, calm())).toBe(3);
  });

  it("has no quarantined recipe to read that is damaged", async () => {
    await planted(BLOB);
    await recipes.quarantine(DIGEST, calm());
    await damage(driver, [quarantinedRecipe(DIGEST)]);
    expect(await recipes.readQuarantined(DIGEST, calm())).toBeUndefined();
    await recipes.forgetQuarantined(DIGEST, calm());
    expect(await keysBelow(driver, "")).toEqual([]);
  });

  it.each(["quarantine", "bringBack"] as const)(
    "loses no recipe, whichever call of %s fails",
    async (move) => {
      for (const failing of ["write", "delete"]) {
        await planted(BLOB);
        if (move === "bringBack") await recipes.quarantine(DIGEST, calm());
        const broken = intercepted(driver, {
          before: ({ action }) => {
            if (action === failing) throw new Error("the store fails");
          },
        });
        await expect(new RecipeStore(broken)[move](DIGEST, calm())).rejects.toThrow("fails");
        expect((await keysBelow(driver, "")).length).toBeGreaterThan(0);
        await driver.deleteTree("barge", calm());
      }
    },
  );

  async function planted(blob: Buffer): Promise<Digest> {
    await recipes.write(digestOf(blob), recipeOf(blob), calm());
    return digestOf(blob);
  }
});

function isRead(action: string): boolean {
  return action === "read";
}

function recipeOf(blob: Buffer): Buffer {
  const chunker = new PlainChunker(() => undefined);
  chunker.write(blob);
  const sizes = { digest: digestOf(blob), blobBytes: blob.length, stream: undefined };
  return encodeBlobRecipe({ ...sizes, ...chunker.end() });
}
