import type { CallOptions } from "../../storage/storage-driver.ts";
import { type ColdBlobs, NO_COLD_BLOBS } from "../cold-blobs.ts";
import type { Examine } from "./things.ts";

/** What a check asks of whoever makes blobs again that have no data. */
export interface BlobsAtRest extends Pick<ColdBlobs, "sizeOf"> {
  /** All that it is made of. @param options.deep whether all of that is read, and every blob without data made. */
  things(options: CallOptions & { readonly deep: boolean }): AsyncIterable<Examine>;
}

/** For stores in which every blob has its data. */
export const NO_BLOBS_AT_REST: BlobsAtRest = {
  sizeOf: (data, options) => NO_COLD_BLOBS.sizeOf(data, options),
  async *things() {},
};
