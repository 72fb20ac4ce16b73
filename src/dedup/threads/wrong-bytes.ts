import type { Digest } from "../../oci/digest.ts";

/** A blob's data has another digest than its name. */
export class WrongBytes extends Error {
  readonly kind = "WrongBytes";

  constructor(expected: Digest, actual: Digest) {
    super(`the data of ${expected} has the digest ${actual}`);
  }
}
