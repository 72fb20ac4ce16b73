import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { type CheckReport, checkStore } from "../../src/content/check/check-store.ts";
import { PlantedStore } from "../gc/planted-store.ts";

export function emptyStore(): PlantedStore {
  return new PlantedStore(new InMemoryDriver());
}

export function check({ driver }: PlantedStore, deep = false): Promise<CheckReport> {
  return checkStore({ driver, signal: new AbortController().signal, deep });
}

/** What a check found, without its sentences, in order. */
export async function found(store: PlantedStore, deep = false): Promise<readonly string[]> {
  const { violations } = await check(store, deep);
  return violations.map(({ kind, where }) => `${kind} ${where}`).toSorted();
}
