/** Every row, on Barge with each kind of storage. */
import { openBarge, type BargeStorage } from "../fixtures/barge.ts";
import { DELETES_OFF_ROWS } from "./rows.ts";
import { describeConformance } from "./suite.ts";

const STORAGES: readonly BargeStorage[] = ["filesystem", "inmemory", "s3"];

for (const storage of STORAGES) {
  describeConformance({
    name: `Barge (${storage})`,
    open: async (resources) => openBarge(resources, { storage }),
  });
}

describeConformance({
  name: "Barge without deletes",
  open: async (resources) =>
    openBarge(resources, { storage: "inmemory", storageKeys: { delete: { enabled: false } } }),
  rows: DELETES_OFF_ROWS,
});
