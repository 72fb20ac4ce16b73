import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

/** Bytes of different kinds, the same for ever: name and content. */
export function plainSamples(seed: number, size: number): readonly (readonly [string, Buffer])[] {
  const random = new SeededRandom(seed);
  const made = (byte: (index: number) => number): Buffer =>
    Buffer.from(Uint8Array.from({ length: size }, (_, index) => byte(index)));
  return [
    ["a layer", Buffer.from(plainLayer({ seed, sizeBytes: size }))],
    ["noise", made(() => random.below(256))],
    ["few symbols", made(() => 97 + random.lowBelow(6))],
    ["a run", made(() => 120)],
    ["a short period", made((index) => (index % 7) * 31)],
    ["steps", made((index) => (index >> 9) & 255)],
    ["phrases", phrases(random, size)],
  ];
}

/** Copies of what came before, near and far, of all lengths, with noise in between. */
function phrases(random: SeededRandom, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let at = 0;
  const put = (byte: number): void => {
    if (at < size) bytes[at++] = byte;
  };
  while (at < size) {
    for (let noise = random.lowBelow(40); noise > 0; noise--) put(random.lowBelow(256));
    if (at < 16) continue;
    const distance = 1 + random.lowBelow(at);
    for (let length = 3 + random.lowBelow(400); length > 0; length--)
      put(bytes[at - distance] ?? 0);
  }
  return bytes;
}
