import { expect } from "vitest";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { checkStore } from "../../src/content/check/check-store.ts";
import { type Collected, collectGarbage, type CollectOutput } from "../../src/gc/collect.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { PlantedStore } from "./planted-store.ts";

const signal = new AbortController().signal;

/** Keeps what a collection says. */
export class Lines implements CollectOutput {
  readonly out: string[] = [];
  readonly deleted: string[] = [];
  readonly warnings: string[] = [];

  line(text: string): void {
    this.out.push(text);
  }

  deleting(text: string): void {
    this.deleted.push(text);
  }

  warning(text: string): void {
    this.warnings.push(text);
  }
}

interface Wishes {
  readonly deleteUntagged?: boolean;
  readonly dryRun?: boolean;
  readonly output?: CollectOutput;
  readonly stillAlone?: () => Promise<void>;
}

/** For stores that no other process can see. */
export async function alone(): Promise<void> {}

export function collect(
  driver: StorageDriver,
  { deleteUntagged = false, dryRun = false, output = new Lines(), stillAlone = alone }: Wishes = {},
): Promise<Collected> {
  return collectGarbage({ driver, signal, deleteUntagged, dryRun, output, stillAlone });
}

export function emptyStore(): PlantedStore {
  return new PlantedStore(new InMemoryDriver());
}

/** Everything in the store leads to what it should. */
export async function expectSound({ driver }: PlantedStore): Promise<void> {
  const { violations } = await checkStore({ driver, signal, deep: true });
  expect(violations).toStrictEqual([]);
}
