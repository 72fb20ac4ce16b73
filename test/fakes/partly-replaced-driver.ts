import type { StorageDriver } from "../../src/storage/storage-driver.ts";

/** `driver`, with some of its members replaced. */
export function partlyReplaced(
  driver: StorageDriver,
  replaced: Partial<StorageDriver>,
): StorageDriver {
  return {
    name: driver.name,
    staging: driver.staging,
    stat: (key, options) => driver.stat(key, options),
    read: (key, options) => driver.read(key, options),
    write: (key, bytes, options) => driver.write(key, bytes, options),
    delete: (key, options) => driver.delete(key, options),
    deleteTree: (prefix, options) => driver.deleteTree(prefix, options),
    list: (prefix, options) => driver.list(prefix, options),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
    ...replaced,
  };
}
