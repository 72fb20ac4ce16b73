import { type ContentKind, PlainContents } from "../../fixtures/plain-contents.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import type { Encoder } from "../encoders/encoder-table.ts";

/** Plain bytes that every encoder with a model was given once. */
export interface GoldenInput {
  readonly name: string;
  readonly isTar?: boolean;
  /**
   * Whom it is for, if not for every encoder that keeps the plain bytes: `engines` have rows of their own
   * in `engines.txt`; what `changers` of the tar write is kept beside the table, since their plain bytes
   * cannot be made up again.
   */
  readonly only?: "engines" | "changers";
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
  { name: "changes", only: "engines", make: () => changingAlphabets(160_000) },
  {
    name: "tiny",
    isTar: true,
    only: "changers",
    make: () => plainLayer({ seed: 5, sizeBytes: 20_000 }),
  },
];

/** @returns the inputs from which the golden table has streams of the encoder. */
export function goldenInputsOf({ keepsPlain, takes }: Encoder): readonly GoldenInput[] {
  return GOLDEN_INPUTS.filter(({ isTar = false, only }) => {
    if (!keepsPlain) return only === "changers";
    return only === undefined && (isTar || takes === "anything");
  });
}

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

const ALPHABET_BYTES = 32;
const SAME_ALPHABET_BYTES = 20_000;
const WORDS = 200;

/** Words made of few kinds of bytes, which are other ones every 20,000 bytes. */
function changingAlphabets(sizeBytes: number): Uint8Array {
  const random = new SeededRandom(7);
  const bytes: number[] = [];
  while (bytes.length < sizeBytes) {
    const first = ((bytes.length / SAME_ALPHABET_BYTES) * ALPHABET_BYTES) % 256;
    const word = (): readonly number[] =>
      Array.from({ length: random.between(3, 9) }, () => first + random.below(ALPHABET_BYTES));
    const words = Array.from({ length: WORDS }, word);
    const end = bytes.length + SAME_ALPHABET_BYTES;
    while (bytes.length < end) bytes.push(...random.pick(words));
    bytes.length = end;
  }
  return Uint8Array.from(bytes.slice(0, sizeBytes));
}
