import { type ContentKind, PlainContents } from "../../fixtures/plain-contents.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";

/** Plain bytes that every encoder with a model was given once. */
export interface GoldenInput {
  readonly name: string;
  readonly isTar?: boolean;
  /** The same bytes for ever; 3 MB take about 0.1 s. */
  make(): Uint8Array;
}

/** The inputs of the golden table. A name stands for its bytes for ever. */
export const GOLDEN_INPUTS: readonly GoldenInput[] = [
  { name: "layer", isTar: true, make: () => plainLayer({ seed: 1, sizeBytes: 3_000_000 }) },
  { name: "small", isTar: true, make: () => plainLayer({ seed: 2, sizeBytes: 100_000 }) },
  { name: "empty", make: () => new Uint8Array() },
  { name: "one", make: () => Uint8Array.of(0x61) },
  { name: "zeros", make: () => new Uint8Array(1_000_000) },
  { name: "random", make: () => filled("random", 300_000) },
  { name: "runs", make: () => filled("runs", 600_000) },
  { name: "letters", make: () => filled("letters", 400_000) },
];

/** @throws {RangeError} when there is none of that name. */
export function goldenInputNamed(name: string): GoldenInput {
  const input = GOLDEN_INPUTS.find((candidate) => candidate.name === name);
  if (input === undefined) throw new RangeError(`no golden input is named '${name}'`);
  return input;
}

function filled(kind: ContentKind, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  new PlainContents(new SeededRandom(7)).fill(bytes, kind);
  return bytes;
}
