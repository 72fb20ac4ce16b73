/** Judges how blobs are made, and whether those without data can be. */
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import {
  type Examined,
  type Finding,
  note,
  NOTHING_THERE,
  violation,
} from "../../content/check/finding.ts";
import { blobData, blobRecipe, quarantinedRecipe } from "../../content/layout.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { BlobBroken, type BlobMaker, NoRecipe } from "../cold/blob-maker.ts";
import type { RecipeStore } from "../store/recipe-store.ts";

export interface RecipeTools extends CallOptions {
  readonly driver: StorageDriver;
  readonly recipes: RecipeStore;
  /** Makes blobs without data; without it nobody tries. */
  readonly maker: (() => Promise<Pick<BlobMaker, "whole">>) | undefined;
}

export async function examineRecipe(digest: Digest, tools: RecipeTools): Promise<Examined> {
  const { driver, signal, maker } = tools;
  const isCold = (await driver.stat(blobData(digest), { signal })) === undefined;
  const fault = await recipeFault(digest, isCold, tools);
  if (fault === "absent") return NOTHING_THERE;
  const counts = { recipes: 1, coldBlobs: isCold ? 1 : 0 };
  if (fault !== undefined) return { counts, findings: [fault] };
  const findings = isCold && maker !== undefined ? await making(digest, await maker(), tools) : [];
  return { counts, findings };
}

async function recipeFault(
  digest: Digest,
  isCold: boolean,
  { recipes, signal }: RecipeTools,
): Promise<Finding | "absent" | undefined> {
  try {
    return (await recipes.read(digest, { signal })) === undefined ? "absent" : undefined;
  } catch (error) {
    if (!(error instanceof BlobRecipeError)) throw error;
    const effect = isCold ? "the blob is lost" : "the blob itself is there";
    const detail = `how ${digest} is made cannot be read: ${error.message}; ${effect}, and pushing it again heals this`;
    return violation("damaged-recipe", blobRecipe(digest), detail);
  }
}

async function making(
  digest: Digest,
  maker: Pick<BlobMaker, "whole">,
  { signal }: CallOptions,
): Promise<readonly Finding[]> {
  try {
    for await (const _ of maker.whole(digest, { signal }));
    return [];
  } catch (error) {
    if (error instanceof NoRecipe) return [];
    if (!(error instanceof BlobBroken)) throw error;
    const detail = `${digest} has no data and cannot be made again: ${error.reason}`;
    return [violation("unmakeable-blob", blobRecipe(digest), detail)];
  }
}

/** What needs the blob is told where manifests are judged. */
export async function examineQuarantined(
  digest: Digest,
  { driver, recipes, signal }: RecipeTools,
): Promise<Examined> {
  const where = quarantinedRecipe(digest);
  if ((await recipes.readQuarantined(digest, { signal })) === undefined) {
    const isThere = (await driver.stat(where, { signal })) !== undefined;
    const detail = `what was set aside of how ${digest} is made cannot be read; pushing it again heals this`;
    return isThere
      ? { counts: {}, findings: [violation("damaged-recipe", where, detail)] }
      : NOTHING_THERE;
  }
  const keys = [blobData(digest), blobRecipe(digest)];
  const found = await Promise.all(keys.map((key) => driver.stat(key, { signal })));
  if (found.some((info) => info !== undefined)) return NOTHING_THERE;
  const detail = `${digest} could not be made again; it is absent until an image that has it is pushed`;
  return { counts: {}, findings: [note("quarantined-blob", where, detail)] };
}
