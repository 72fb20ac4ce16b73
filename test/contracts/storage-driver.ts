import { afterEach, beforeEach, describe, it } from "vitest";
import { describeStorageCreating } from "./storage-creating.ts";
import { describeStorageListing } from "./storage-listing.ts";
import { describeStorageLooks } from "./storage-looks.ts";
import { describeStorageObjects } from "./storage-objects.ts";
import { describeStoragePublishing } from "./storage-publishing.ts";
import { describeStorageStaging } from "./storage-staging.ts";
import type { Law, StorageSubject, TestedStore } from "./storage-subject.ts";

/** Every driver passes this suite; a driver's own test file adds only what is peculiar to it. */
export function describeStorageDriver({ name, open }: StorageSubject): void {
  describe(`${name} fulfils the storage driver contract`, () => {
    let resources: AsyncDisposableStack;
    let store: TestedStore;
    beforeEach(async () => {
      resources = new AsyncDisposableStack();
      store = await open(resources);
    });
    afterEach(() => resources.disposeAsync());

    const law: Law = (title, test) => it(title, () => test(store));
    describeStorageObjects(law);
    describeStorageCreating(law);
    describeStorageListing(law);
    describeStorageLooks(law);
    describeStorageStaging(law);
    describeStoragePublishing(law);
  });
}
