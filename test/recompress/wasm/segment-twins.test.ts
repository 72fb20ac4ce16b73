import { describe, expect, it } from "vitest";
import type { Guide } from "../../../src/recompress/gzip/segment/segment-engine.ts";
import type { SegmentLevel } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { SEGMENT_TWINS } from "../../../src/recompress/gzip/segment/segment-twins.ts";
import { createTwin } from "../../../src/recompress/gzip/segment/twin-engine.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mixedPlain } from "../gzip-segment/token-streams.ts";
import { SegmentPair } from "./segment-pair.ts";
import { anyFixes, ledBeyond, wrongTokens } from "./wrong-tokens.ts";

const LEVELS = Object.keys(SEGMENT_TWINS) as SegmentLevel[];
const SEGMENT_BYTES = 65_535;
const HELD_BYTES = 5 * SEGMENT_BYTES;

describe.each(LEVELS)("the twin of %s", (level) => {
  it.each([
    ["mixed bytes", mixedPlain(11, 900_000)],
    ["a layer", plainLayer({ seed: 5, sizeBytes: 900_000 })],
    ["zeros", new Uint8Array(300_000)],
    ["two letters", twoLetters(300_000)],
  ])(
    "chooses as its oracle on %s, with wrong tokens, slides and new beginnings between",
    (_, plain) => {
      const random = new SeededRandom(plain.length);
      const pair = new SegmentPair(level);
      let emitted = 0;
      let oldest = 0;
      for (let at = 0; at < plain.length;) {
        const size = random.oneIn(4) ? SEGMENT_BYTES : 1 + random.lowBelow(SEGMENT_BYTES);
        const piece = plain.subarray(at, at + size);
        at += piece.length;
        const by = pair.end - HELD_BYTES;
        if (by > 0 && random.oneIn(2)) {
          pair.slide(by);
          emitted -= by;
          oldest = Math.max(oldest - by, 0);
        }
        if (random.oneIn(9)) {
          pair.clear();
          oldest = random.oneIn(2) ? pair.end : Math.max(oldest, pair.end - 32_768);
        }
        pair.append(piece);
        const { end } = pair;
        const start = Math.max(end - piece.length, emitted);
        const isSearched = piece.length >= 128;
        const span = { start, end, base: Math.min(start, oldest), isSearched };
        const { oracle, twin } = pair.run(span, anyGuide(pair.scouted(span), random));
        expect(twin).toEqual(oracle);
        expect(pair.areTablesSame).toBe(true);
        emitted = pair.twin.at;
      }
    },
  );

  it("follows the tokens it would have chosen, put in its own room, without a note", () => {
    const plain = mixedPlain(3, SEGMENT_BYTES);
    const pair = new SegmentPair(level);
    pair.append(plain);
    const span = { start: 0, end: plain.length, base: 0, isSearched: true };
    const tokens = pair.scouted(span);
    pair.twin.wanted.set(tokens);
    pair.twin.run(span, { kind: "follow", tokens: pair.twin.wanted });
    expect(pair.twin.fixes).toEqual([]);
    expect(pair.twin.count).toBe(tokens.length);
  });
});

function twoLetters(sizeBytes: number): Uint8Array {
  const random = new SeededRandom(1);
  return Uint8Array.from({ length: sizeBytes }, () => (random.oneIn(4) ? 97 : 98));
}

function anyGuide(tokens: Uint32Array, random: SeededRandom): Guide {
  if (tokens.length === 0 || random.oneIn(4)) return { kind: "free" };
  if (random.oneIn(3)) return { kind: "replay", fixes: anyFixes(tokens.length, random) };
  const wrong = wrongTokens(tokens, random);
  return { kind: "follow", tokens: random.oneIn(4) ? ledBeyond(wrong) : wrong };
}

describe("TwinEngine", () => {
  const shape = SEGMENT_TWINS["level-5"];

  it.each([
    ["ends behind the window", { start: 0, end: 1001, base: 0 }],
    ["begins before it", { start: -1, end: 900, base: -1 }],
    ["has its base behind its start", { start: 10, end: 900, base: 11 }],
  ])("runs no segment that %s", (_, span) => {
    const twin = shape && createTwin(shape);
    twin?.window.append(new Uint8Array(1000));
    expect(() => twin?.run({ ...span, isSearched: true }, { kind: "free" })).toThrow(RangeError);
  });

  it("runs no segment with more bytes than it has room for tokens", () => {
    const twin = shape && createTwin(shape);
    twin?.window.append(new Uint8Array(SEGMENT_BYTES + 1));
    const span = { start: 0, end: SEGMENT_BYTES + 1, base: 0, isSearched: true };
    expect(() => twin?.run(span, { kind: "free" })).toThrow(RangeError);
  });

  it("stops at a token that stands for no bytes", () => {
    const twin = shape && createTwin(shape);
    twin?.window.append(new Uint8Array(1000));
    const span = { start: 0, end: 1000, base: 0, isSearched: true };
    const tokens = new Uint32Array(1000).fill(300);
    expect(() => twin?.run(span, { kind: "follow", tokens })).toThrow("unreachable");
  });
});
