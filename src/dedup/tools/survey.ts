/** What there is of blobs, recipes and packs in a store, found by looking at all of them. */
import { blobData, packKey, quarantinedRecipe } from "../../content/layout.ts";
import { pooledMap } from "../../lib/pooled-map.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { LEAST_BLOB_BYTES } from "../convert/converter.ts";
import type { BlobNotes } from "../store/blob-notes.ts";
import { PackStore } from "../store/pack-store.ts";
import { RecipeStore } from "../store/recipe-store.ts";
import { findWork, walkBlobs } from "../work/find-work.ts";
import { listAbsent } from "./cold-inventory.ts";

export interface SurveyOptions extends CallOptions {
  readonly driver: StorageDriver;
  /** What this machine remembers of blobs; `undefined`: nothing. */
  readonly notes: Pick<BlobNotes, "keptBecause" | "knowsChunksOf" | "usedAtMs"> | undefined;
  readonly mode: "off" | "index" | "at-rest";
  readonly coldMs: number;
  readonly nowMs: number;
  /** Told of each recipe that is damaged. */
  readonly onDamaged: (digest: Digest) => void;
}

export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

export interface Survey {
  readonly blobs: {
    readonly raw: number;
    readonly indexed: number;
    readonly cold: number;
    readonly quarantined: number;
  };
  readonly bytes: {
    /** What all blobs have when they are whole; */
    readonly gzip: number;
    /** of which so many lie there; */
    readonly raw: number;
    readonly packs: number;
    readonly recipes: number;
  };
  /** What there is to do. */
  readonly backlog: Amount;
  /** Why blobs keep their data, and which amount each time. */
  readonly kept: ReadonlyMap<string, Amount>;
}

/** Objects looked at at a time. */
const CONCURRENCY = 16;
const SMALL = `smaller than ${LEAST_BLOB_BYTES / 1024} KiB`;

interface Found {
  readonly digest: Digest;
  readonly state: "raw" | "indexed" | "cold" | "quarantined" | "nothing";
  readonly wholeBytes: number;
  readonly recipeBytes: number;
}

/** Changes nothing. @throws {StorageError} */
export async function surveyStore(options: SurveyOptions): Promise<Survey> {
  const recipes = new RecipeStore(options.driver);
  const blobs = { raw: 0, indexed: 0, cold: 0, quarantined: 0 };
  const bytes = { gzip: 0, raw: 0, recipes: 0, packs: await bytesOfPacks(options) };
  const kept = new Map<string, Amount>();
  const look = (digest: Digest): Promise<Found> => lookAt(digest, recipes, options);
  for await (const found of pooledMap(allBlobs(recipes, options), CONCURRENCY, look)) {
    const { state, wholeBytes } = found;
    bytes.gzip += wholeBytes;
    bytes.recipes += found.recipeBytes;
    if (state === "nothing") continue;
    blobs[state] += 1;
    if (state === "cold" || state === "quarantined") continue;
    bytes.raw += wholeBytes;
    const reason = reasonToKeep(found, options);
    if (reason !== undefined) addTo(kept, reason, wholeBytes);
  }
  return { blobs, bytes, kept, backlog: await backlogOf(recipes, options) };
}

/** Those that are linked, and those that have a recipe; each once. */
async function* allBlobs(
  recipes: RecipeStore,
  options: SurveyOptions,
): AsyncGenerator<Digest, void, undefined> {
  const seen = new Set<Digest>();
  for (const digests of [
    walkBlobs(options),
    recipes.list(options),
    await listAbsent({ driver: options.driver, recipes }, options),
  ]) {
    for await (const digest of digests) {
      if (seen.has(digest)) continue;
      seen.add(digest);
      yield digest;
    }
  }
}

async function lookAt(
  digest: Digest,
  recipes: RecipeStore,
  { driver, onDamaged, signal }: SurveyOptions,
): Promise<Found> {
  const data = await driver.stat(blobData(digest), { signal });
  const recipeBytes = await recipes.recipeBytes(digest, { signal });
  const found = { digest, recipeBytes: recipeBytes ?? 0 };
  if (data !== undefined) {
    const state = recipeBytes === undefined ? "raw" : "indexed";
    return { ...found, state, wholeBytes: data.sizeBytes };
  }
  if (recipeBytes === undefined) return await lookAside(digest, recipes, { driver, signal });
  const wholeBytes = await recipes.blobBytes(digest, { signal });
  if (wholeBytes !== undefined) return { ...found, state: "cold", wholeBytes };
  onDamaged(digest);
  return { ...found, state: "quarantined", wholeBytes: 0 };
}

async function lookAside(
  digest: Digest,
  recipes: RecipeStore,
  { driver, signal }: CallOptions & Pick<SurveyOptions, "driver">,
): Promise<Found> {
  const aside = await driver.stat(quarantinedRecipe(digest), { signal });
  if (aside === undefined) return { digest, state: "nothing", wholeBytes: 0, recipeBytes: 0 };
  const stored = await recipes.readQuarantined(digest, { signal });
  const wholeBytes = stored?.recipe.blobBytes ?? 0;
  return { digest, state: "quarantined", wholeBytes, recipeBytes: aside.sizeBytes };
}

async function bytesOfPacks({ driver, signal }: SurveyOptions): Promise<number> {
  const names = new PackStore(driver).list({ signal });
  let sum = 0;
  for await (const pack of pooledMap(names, CONCURRENCY, (name) =>
    driver.stat(packKey(name), { signal }),
  )) {
    sum += pack?.sizeBytes ?? 0;
  }
  return sum;
}

function reasonToKeep(
  { digest, wholeBytes }: Found,
  { notes, mode }: SurveyOptions,
): string | undefined {
  if (mode === "off") return undefined;
  return wholeBytes < LEAST_BLOB_BYTES ? SMALL : notes?.keptBecause(digest);
}

async function backlogOf(recipes: RecipeStore, options: SurveyOptions): Promise<Amount> {
  const { driver, notes = NO_NOTES, mode, coldMs, nowMs, signal } = options;
  if (mode === "off") return { blobs: 0, bytes: 0 };
  const isCold = (digest: Digest, { modifiedAt }: { readonly modifiedAt: Date }): boolean =>
    Math.max(notes.usedAtMs(digest) ?? 0, modifiedAt.getTime()) + coldMs <= nowMs;
  const atRest = mode === "at-rest";
  const work = findWork({ driver, recipes, notes, converter: { isCold }, atRest, signal });
  let [blobs, bytes] = [0, 0];
  for await (const digest of work) {
    blobs += 1;
    bytes += (await driver.stat(blobData(digest), { signal }))?.sizeBytes ?? 0;
  }
  return { blobs, bytes };
}

const NO_NOTES: NonNullable<SurveyOptions["notes"]> = {
  keptBecause: () => undefined,
  knowsChunksOf: () => false,
  usedAtMs: () => undefined,
};

function addTo(kept: Map<string, Amount>, reason: string, addedBytes: number): void {
  const { blobs, bytes } = kept.get(reason) ?? { blobs: 0, bytes: 0 };
  kept.set(reason, { blobs: blobs + 1, bytes: bytes + addedBytes });
}
