import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { SegmentLevel } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { SEGMENT_ENGINES } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { createSegmentModel } from "../../../src/recompress/gzip/segment/segment-model.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { rebuild } from "./token-streams.ts";

/**
 * SHA-256 of the tokens, as little-endian words, of a made-up layer of 3 MB. The streams that the encoders
 * themselves made of it have these tokens: Go 1.26.8 and 1.27.3, klauspost 1.15.9, pgzip 1.2.6. What a model
 * chooses must never change, or recipes that name it give other bytes.
 */
const GOLDEN: readonly (readonly [SegmentLevel, string])[] = [
  ["best-speed", "a64540c5d878f6ae836a1e35b9e68839de297dd70b780ff86b8f08e0c5ee34ad"],
  ["level-1", "6a909b69e5c17575046cb7e3bdbfe732fed4b942bd6fb481463d7bf0b693efab"],
  ["level-2", "3f60b8467e957aaf0902a1c932bdafa4032e0d27ae0c4505eb421c7bfd4b084e"],
  ["level-3", "90dde0e9ccc0f3e260a49891c1282b39da3eec6a8c6f4369ffb5dc621c7cf276"],
  ["level-4", "6f36251adb82f9b8fb3fe3052c450646d7657029f2235b689d7422c971c2cebe"],
  ["level-5", "52a61e5f904f70ca62a95a40f6b7046e32f583d66555256d6e08af47672b06f7"],
  ["level-6", "ef2dc448c88e96237eb63fa65180cdd78dbb57d60b892cb4e7f3456dcd50ed89"],
  ["level-1-first", "1e2834e202159f7208d98fe3d9c5ffec701509b66037f236da2cb1c288eac091"],
  ["level-2-first", "9e98dd31b7212466edd2ea9fea8f8a72725b5086ae0fd940330fa1748222f3d8"],
  ["level-3-first", "21acb993edbb564dd909c00dcf802c9761dc7ba3ee50a7391d82f81281626daa"],
  ["level-4-first", "afbb4ac1e01b2b498a406d46f362faa3af277c77d35884fb0e02e0da815daed7"],
  ["level-5-first", "4b7a57664c876d68ca291b327f579f6357ccf277015d5917b8f221f22e9d01ed"],
  ["level-6-first", "633759027844519a01010bb2cdba27703c6f527dcd3c2631cf6e9ac7d833e0f0"],
];
const PGZIP_GOLDEN = "7fda0c10fbb9c93c421119370d4f586d564ee0eb3820eca02cb35e5855acc20a";
const PGZIP: Framing = { kind: "blocks", blockBytes: 262_144, historyBytes: 16_384 };

const plain = plainLayer({ seed: 1, sizeBytes: 3_000_000 });

function digestOfTokens(level: SegmentLevel, framing: Framing): string {
  const shape = [{ plain, tokens: new Uint32Array() }];
  const column = Uint8Array.of(0);
  const random = new SeededRandom(1);
  const [tokens] = rebuild(createSegmentModel(level, framing), { column, shape, random });
  return createHash("sha256")
    .update(tokens ?? new Uint32Array())
    .digest("hex");
}

describe("createSegmentModel()", () => {
  it("has a golden digest for every level", () => {
    expect(GOLDEN.map(([level]) => level)).toEqual(Object.keys(SEGMENT_ENGINES));
  });

  it.each(GOLDEN)("chooses the tokens that the encoder of %s chooses", (level, golden) => {
    expect(digestOfTokens(level, NO_FRAMING)).toBe(golden);
  });

  it("chooses the tokens that pgzip chooses in blocks of 256 KiB", () => {
    expect(digestOfTokens("level-5", PGZIP)).toBe(PGZIP_GOLDEN);
  });
});
