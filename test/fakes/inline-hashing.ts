import type { Hashing } from "../../src/content/hashing.ts";
import { Digester } from "../../src/oci/digest.ts";

/** Hashes at once, in the thread of the test. */
export const INLINE_HASHING: Hashing = {
  start(algorithms) {
    const digesters = algorithms.map((algorithm) => new Digester(algorithm));
    return {
      async update(bytes) {
        for (const digester of digesters) digester.update(bytes);
      },
      digests: async () => new Map(digesters.map((one) => [one.algorithm, one.digest()])),
      [Symbol.dispose]: () => undefined,
    };
  },
};
