import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { analyse, rebuild, recipeOf } from "./analysed.ts";
import { gzipHeader, gzipMember, gzipTrailer } from "./gzip-parts.ts";

const LAYER = plainLayer({ seed: 5, sizeBytes: 20_480 });

/** Streams whose every part a fault can hit. */
const STREAMS: Readonly<Record<string, Uint8Array>> = {
  "one member": gzipMember(LAYER),
  "small members": Buffer.concat(
    Array.from({ length: 12 }, (_, index) => gzipMember(LAYER.subarray(index * 100, index * 150))),
  ),
  "a stored member": gzipMember(LAYER.subarray(0, 3000), { level: 0 }),
  "a member with matches": Buffer.concat([
    gzipHeader(8, Buffer.from("name\0")),
    deflateRawSync(LAYER.subarray(0, 400)),
    gzipTrailer(LAYER.subarray(0, 400)),
    new Uint8Array(40),
  ]),
};

test.for(Object.entries(STREAMS))("a damaged stream is raw or made again: %s", ([, stream]) => {
  const random = new SeededRandom(6);
  const kinds = new Set<string>();
  for (let round = 0; round < 120; round++) {
    const damaged = damage(stream, random);
    const pieceBytes = (): number => 1 + random.lowBelow(5000);
    const { outcome, plain } = analyse(damaged, { pieceBytes });
    kinds.add(outcome.kind);
    if (outcome.kind === "raw") continue;
    expect(Buffer.compare(rebuild(recipeOf(outcome), plain), damaged)).toBe(0);
  }
  expect([...kinds].toSorted()).toEqual(["exact", "raw"]);
});

function damage(stream: Uint8Array, random: SeededRandom): Uint8Array {
  const damaged = stream.slice();
  for (let count = random.between(1, 2); count > 0; count--) {
    const at = random.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
  }
  return random.oneIn(5) ? damaged.subarray(0, random.below(damaged.length)) : damaged;
}
