import type { StorageDriver } from "../../src/storage/storage-driver.ts";

export interface Watch {
  /** Bytes that were pulled out of {@link StorageDriver.read}. */
  readBytes: number;
  /** Streams of {@link StorageDriver.read} that are neither at their end nor closed. */
  openReads: number;
  /** Called before each chunk leaves; what it throws is the stream's failure. */
  onChunk: (chunk: Uint8Array) => void;
}

/** A driver that counts what is read, and without the optional powers by which reads could go round it. */
export function watchedDriver(driver: StorageDriver): { driver: StorageDriver; watch: Watch } {
  const watch: Watch = { readBytes: 0, openReads: 0, onChunk: () => undefined };
  const read: StorageDriver["read"] = async function* (key, options) {
    watch.openReads += 1;
    try {
      for await (const chunk of driver.read(key, options)) {
        watch.onChunk(chunk);
        watch.readBytes += chunk.byteLength;
        yield chunk;
      }
    } finally {
      watch.openReads -= 1;
    }
  };
  const watched: StorageDriver = {
    name: driver.name,
    staging: driver.staging,
    read,
    stat: (key, options) => driver.stat(key, options),
    write: (key, bytes, options) => driver.write(key, bytes, options),
    delete: (key, options) => driver.delete(key, options),
    deleteTree: (prefix, options) => driver.deleteTree(prefix, options),
    list: (prefix, options) => driver.list(prefix, options),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
  return { driver: watched, watch };
}
