import { describe, expect, it } from "vitest";
import { likeliestFirst } from "../../../src/recompress/gzip/engine-order.ts";
import { race } from "../../../src/recompress/gzip/engine-race.ts";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import { GZIP_ENGINES } from "../../../src/recompress/gzip/gzip-engines.ts";
import { SEGMENT_BYTES } from "../../../src/recompress/gzip/segment/segment-engine.ts";
import { TokenSample } from "../../../src/recompress/gzip/token-sample.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { atEvery, own } from "../gzip-segment/own-tokens.ts";
import { gzipHeader } from "./gzip-parts.ts";

const LAYER = plainLayer({ seed: 9, sizeBytes: 300_000 });
const SIZES = { leastBytes: 200_000, enoughLessons: 3000, mostBytes: 2_000_000 };
const ENGINES = likeliestFirst(GZIP_ENGINES, gzipHeader(0));
const PGZIP: Framing = { kind: "blocks", blockBytes: 131_072, historyBytes: 16_384 };

describe("race() of members that begin with what does not compress", () => {
  it.each([300_000, 700_000])("finds who wrote what follows %i bytes", (sizeBytes) => {
    expect(winnersAfter(noise(sizeBytes), "level-6")).toEqual([[26, "none", 0]]);
    expect(winnersAfter(noise(sizeBytes), "level-3")).toEqual([[23, "none", 0]]);
  });

  it("finds who wrote what follows zeros", () => {
    expect(winnersAfter(new Uint8Array(500_000), "level-5")).toEqual([[25, "none", 0]]);
  });

  it("finds framing and encoder together", () => {
    const plain = Buffer.concat([noise(300_000), LAYER]);
    const sample = new TokenSample(SIZES);
    for (const { plain: bytes, tokens } of atEvery(own("level-5", PGZIP, plain), 65_536)) {
      if (!sample.isFull) sample.stretch(bytes, tokens);
    }
    const framings = [PGZIP, { ...PGZIP, historyBytes: 32_768 }, NO_FRAMING];
    const [winner] = race({ engines: ENGINES, framings }, { sample, isWhole: false });
    expect(winner?.candidate).toMatchObject({ engine: { id: 25 }, framing: PGZIP });
    expect(winner?.predictor.corrections).toBe(0);
  });

  it("leaves the likeliest of several families when nothing tells", () => {
    const sample = new TokenSample(SIZES);
    const plain = noise(65_536);
    while (!sample.isFull) sample.stretch(plain, undefined);
    const field = { engines: ENGINES, framings: [NO_FRAMING] };
    const winners = race(field, { sample, isWhole: false });
    const names = winners.map(({ candidate: { engine } }) => `${engine.family} ${engine.level}`);
    expect(names).toEqual(["go 6", "klauspost 6", "zlib 6", "gnu 6", "go 5", "klauspost 5"]);
  });
});

type Winner = readonly [id: number, framing: Framing["kind"], corrections: number];

function winnersAfter(
  beginning: Uint8Array,
  level: "level-3" | "level-5" | "level-6",
): readonly Winner[] {
  const sample = new TokenSample(SIZES);
  const plain = Buffer.concat([beginning, LAYER]);
  for (const { plain: bytes, tokens } of atEvery(own(level, NO_FRAMING, plain), SEGMENT_BYTES)) {
    if (!sample.isFull) sample.stretch(bytes, tokens);
  }
  const winners = race({ engines: ENGINES, framings: [NO_FRAMING] }, { sample, isWhole: false });
  return winners.map(({ candidate, predictor }) => [
    candidate.engine.id,
    candidate.framing.kind,
    predictor.corrections,
  ]);
}

function noise(sizeBytes: number): Uint8Array {
  const random = new SeededRandom(5);
  return Uint8Array.from({ length: sizeBytes }, () => random.below(256));
}
