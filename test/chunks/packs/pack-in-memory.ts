import { chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import type { PlacedFrame } from "../../../src/chunks/packs/pack-directory.ts";
import { PackWriter } from "../../../src/chunks/packs/pack-writer.ts";
import type { PackSource } from "../../../src/chunks/packs/read-pack.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

export const SETTINGS = { frameBytes: 100_000, level: 3 } as const;

/** @returns chunks of all sizes up to 60,000 bytes: some are noise, some are words again and again */
export function someChunks(count: number, seed = 1): Uint8Array[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => {
    const size = 1 + random.lowBelow(60_000);
    const letters = random.oneIn(3) ? 256 : 3;
    return Uint8Array.from({ length: size }, () => random.below(letters));
  });
}

/** A pack of the chunks, and what its writer says of it. */
export function packOf(chunks: readonly Uint8Array[]): {
  readonly pack: Buffer;
  readonly frames: readonly PlacedFrame[];
} {
  const pieces: Uint8Array[] = [];
  const writer = new PackWriter(SETTINGS, (bytes) => pieces.push(bytes));
  for (const chunk of chunks) writer.add(chunk);
  const frames = writer.end();
  return { pack: Buffer.concat(pieces), frames };
}

/** A pack of two frames; the second leans on the first. */
export function deltaPack(): {
  readonly pack: Buffer;
  readonly base: Buffer;
  readonly next: Buffer;
} {
  const base = Buffer.from(new SeededRandomBytes(3).take(80_000));
  const next = Buffer.concat([base.subarray(5, 60_000), Buffer.from("something new"), base]);
  const cut = next.subarray(0, 100_000);
  const pieces: Uint8Array[] = [];
  const writer = new PackWriter({ frameBytes: 10_000_000, level: 9 }, (bytes) =>
    pieces.push(bytes),
  );
  writer.add(base);
  writer.flush();
  writer.add(cut);
  writer.flush({ ids: [chunkIdOf(base)], dictionary: base, depth: 1 });
  writer.end();
  return { pack: Buffer.concat(pieces), base, next: cut };
}

class SeededRandomBytes {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  take(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.#random.below(256));
  }
}

export function sourceOf(pack: Buffer): PackSource {
  return {
    sizeBytes: pack.length,
    read: async (at, sizeBytes) => pack.subarray(at, at + sizeBytes),
  };
}
