/** Link files: the small objects that hold one digest each. */
import { type Digest, isDigest } from "../oci/digest.ts";
import type { Logger } from "../observability/logger.ts";
import { readWhole } from "../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";

export interface Links {
  /**
   * @returns `undefined` when there is no link, and also when it holds no digest (an interrupted write
   * of another program can leave one empty): that is logged, and writing the link again heals it.
   */
  read(key: string, options: CallOptions): Promise<Digest | undefined>;
  write(key: string, digest: Digest, options: CallOptions): Promise<void>;
}

const MAX_LINK_BYTES = 256;

export function createLinks({
  driver,
  log,
}: {
  readonly driver: StorageDriver;
  readonly log: Logger;
}): Links {
  return {
    async read(key, { signal }) {
      const bytes = await readWhole(driver, key, { signal, maxBytes: MAX_LINK_BYTES });
      if (bytes === undefined) return undefined;
      const text = bytes.toString("latin1").trim();
      if (isDigest(text)) return text;
      log.warn("a link holds no digest and is treated as absent", { "storage.key": key });
      return undefined;
    },

    write: (key, digest, { signal }) =>
      driver.write(key, Buffer.from(digest, "latin1"), { signal }),
  };
}
