import { mkdtempDisposable } from "node:fs/promises";
import { join } from "node:path";
import { type AddedBlob, ColdStore, type Taken } from "./cold-store.ts";

/** What one more version came to. */
export interface VersionAtRest {
  readonly blobBytes: number;
  /** All that the store takes with it. */
  readonly taken: Taken;
  /** `cold`, or why it kept its data. */
  readonly became: string;
}

/**
 * Lets versions of a layer go cold in a new store, one after the other, and makes each again at the end.
 * @param files the versions as they are pushed
 * @param folder for the store, which is removed
 * @throws {Error} unless each comes out as it was.
 */
export async function measureAtRest(
  files: readonly string[],
  folder: string,
): Promise<readonly VersionAtRest[]> {
  await using resources = new AsyncDisposableStack();
  const work = resources.use(await mkdtempDisposable(join(folder, "store-")));
  const store = await ColdStore.open(resources, work.path);
  const added: AddedBlob[] = [];
  for (const file of files) added.push(await store.add(file));
  for (const { digest } of added) await store.verify(digest);
  return added.map(({ blobBytes, taken, conversion }) => ({
    blobBytes,
    taken,
    became: conversion.kind === "as-it-was" ? conversion.reason : conversion.kind,
  }));
}

/** What blobs are made of; notes are of use without them too. */
export function sumOf({ packBytes, recipeBytes, indexBytes, dataBytes }: Taken): number {
  return packBytes + recipeBytes + indexBytes + dataBytes;
}
