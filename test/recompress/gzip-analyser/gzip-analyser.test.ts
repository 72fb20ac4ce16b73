import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { GzipAnalyser } from "../../../src/recompress/gzip/gzip-analyser.ts";
import { GZIP_ENGINES } from "../../../src/recompress/gzip/gzip-engines.ts";
import type { GzipEngine } from "../../../src/recompress/gzip/gzip-engines.ts";
import { gzipRestarts } from "../../../src/recompress/gzip/gzip-restarts.ts";
import type { TreeRule } from "../../../src/recompress/gzip/token-model.ts";
import type { Outcome } from "../../../src/recompress/outcome.ts";
import { encodeRecipe } from "../../../src/recompress/recipe.ts";
import type { LiteralsModelLog } from "../../fakes/literals-model.ts";
import { literalsModel } from "../../fakes/literals-model.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { LITERALS_ENGINE, analyse, rebuild, rebuildInParts, recipeOf } from "./analysed.ts";
import { LITERALS_ONLY, gzipHeader, gzipMember, gzipTrailer } from "./gzip-parts.ts";

const LAYER = plainLayer({ seed: 1, sizeBytes: 290_000 });
const LARGE = plainLayer({ seed: 2, sizeBytes: 9_200_000 });
const EMPTY = new Uint8Array(0);

describe("GzipAnalyser", () => {
  test.for<[string, () => Uint8Array]>([
    ["one member", () => gzipMember(LAYER)],
    ["a member that is larger than the sample", () => gzipMember(LARGE.subarray(0, 2_000_000))],
    ["an empty member", () => gzipMember(EMPTY)],
    ["a stored member", () => gzipMember(LAYER, { level: 0 })],
    [
      "three members",
      () => Buffer.concat([gzipMember(LAYER), gzipMember(EMPTY), gzipMember(LAYER)]),
    ],
    [
      "a name in the header",
      () => Buffer.concat([gzipHeader(8, Buffer.from("layer\0")), gzipMember(LAYER).subarray(10)]),
    ],
    ["a trailer that is wrong", () => gzipMember(LAYER).with(-1, 200)],
    [
      "a checksum that is wrong",
      () => Buffer.concat([gzipMember(LAYER).with(-8, 0), gzipMember(LAYER)]),
    ],
    ["zeros at the end", () => Buffer.concat([gzipMember(LAYER), new Uint8Array(10_000)])],
    ["junk at the end", () => Buffer.concat([gzipMember(LAYER), Buffer.from("\x1f junk")])],
    ["half a magic number at the end", () => Buffer.concat([gzipMember(LAYER), Buffer.of(0x1f)])],
  ])("finds a recipe that makes %s again, however the stream is cut", ([, make]) => {
    const stream = make();
    const random = new SeededRandom(3);
    const { outcome, plain } = analyse(stream);
    const recipe = recipeOf(outcome);
    expect(Buffer.compare(rebuild(recipe, plain), stream)).toBe(0);
    const pieceBytes = (): number => 1 + random.lowBelow(random.pick([4, 2000, 100_000]));
    const again = analyse(stream, { pieceBytes });
    expect(encodeRecipe(recipeOf(again.outcome))).toEqual(encodeRecipe(recipe));
    expect(Buffer.compare(again.plain, plain)).toBe(0);
  });

  it("tells the plain bytes of all members", () => {
    const stream = Buffer.concat([gzipMember(LAYER), gzipMember(LAYER.subarray(0, 5))]);
    const { plain } = analyse(stream);
    expect(Buffer.compare(plain, Buffer.concat([LAYER, LAYER.subarray(0, 5)]))).toBe(0);
  });

  it("notes what the engine does not foresee", () => {
    const plain = Buffer.concat([LAYER, LAYER.subarray(0, 40), LAYER]);
    const first = deflateRawSync(LAYER, LITERALS_ONLY);
    const { outcome } = analyse(Buffer.concat([gzipHeader(0), first, gzipTrailer(LAYER)]));
    expect(outcome).toMatchObject({ findings: { corrections: 0 } });
    const matches = deflateRawSync(plain.subarray(0, 2000));
    const stream = Buffer.concat([
      gzipMember(LAYER),
      gzipHeader(0),
      matches,
      gzipTrailer(plain.subarray(0, 2000)),
    ]);
    const noted = analyse(stream);
    expect(noted.outcome).toMatchObject({ kind: "exact" });
    expect(noted.outcome.kind === "exact" && noted.outcome.findings.corrections).toBeGreaterThan(
      10,
    );
    expect(Buffer.compare(rebuild(recipeOf(noted.outcome), noted.plain), stream)).toBe(0);
  });

  it("marks places to restart at, which are block starts at least 8 MiB apart", () => {
    const stream = gzipMember(LARGE);
    const sampleSizes = { leastBytes: 100_000, enoughLessons: 0, mostBytes: 100_000 };
    const { outcome, plain } = analyse(stream, { sampleSizes });
    const recipe = recipeOf(outcome);
    const restarts = gzipRestarts(recipe);
    expect(restarts.length).toBe(1);
    for (const [index, { plainByte, member }] of restarts.entries()) {
      expect(plainByte - (restarts[index - 1]?.plainByte ?? 0)).toBeGreaterThanOrEqual(
        8 * 1024 * 1024,
      );
      expect(member).toBe(0);
    }
    expect(Buffer.compare(rebuildInParts(recipe, plain), stream)).toBe(0);
  });

  it("marks no places in a stream so short that they would be a share of it", () => {
    const { outcome } = analyse(gzipMember(new Uint8Array(9_000_000)));
    expect(gzipRestarts(recipeOf(outcome))).toEqual([]);
  });

  it("marks the headers of later members", () => {
    const stream = Buffer.concat(Array.from({ length: 61 }, () => gzipMember(LAYER)));
    const { outcome, plain } = analyse(stream);
    const recipe = recipeOf(outcome);
    const restarts = gzipRestarts(recipe);
    expect(restarts.map(({ member }) => member)).toEqual([29, 58]);
    expect(restarts.every(({ tokens }) => tokens === undefined)).toBe(true);
    expect(Buffer.compare(rebuildInParts(recipe, plain), stream)).toBe(0);
  });

  test.for<[string, () => Uint8Array, Outcome & { kind: "raw" }]>([
    ["nothing", () => EMPTY, raw("not-compressed", "it is not compressed by gzip")],
    ["a lone byte", () => Buffer.of(0x1f), raw("not-compressed", "it is not compressed by gzip")],
    ["text", () => Buffer.from("text"), raw("not-compressed", "it is not compressed by gzip")],
    [
      "a large text",
      () => LAYER.subarray(100),
      raw("not-compressed", "it is not compressed by gzip"),
    ],
    ["half a header", () => gzipHeader(0).subarray(0, 5), raw("broken", "the stream ends early")],
    [
      "half a block",
      () => gzipMember(LAYER).subarray(0, 5000),
      raw("broken", "the stream ends early"),
    ],
    [
      "half a trailer",
      () => gzipMember(LAYER).subarray(0, -3),
      raw("broken", "the stream ends early"),
    ],
    [
      "half a second header",
      () => Buffer.concat([gzipMember(LAYER), gzipHeader(0).subarray(0, 4)]),
      raw("broken", "the stream ends early"),
    ],
    [
      "a block of no type",
      () => Buffer.concat([gzipHeader(0), Buffer.of(7, 0)]),
      raw("broken", "a block has a type that does not exist"),
    ],
    [
      "bits after the final block",
      () => Buffer.concat([gzipHeader(0), Buffer.of(3, 0xfc), gzipTrailer(EMPTY)]),
      raw("unsupported", "the bits that fill the last byte are not zero"),
    ],
    [
      "70 KiB after the last member",
      () => Buffer.concat([gzipMember(LAYER), new Uint8Array(70_000)]),
      raw("broken", "more than 64 KiB that are no gzip follow its last member"),
    ],
    [
      "choices that no engine foresees",
      () => gzipMember(LAYER, {}),
      raw("unknown-encoder", "no known encoder makes its choices"),
    ],
    [
      "such choices from the second MiB on",
      () => Buffer.concat([gzipMember(LARGE.subarray(0, 1_500_000)), gzipMember(LARGE, {})]),
      raw("unknown-encoder", "no known encoder makes its choices"),
    ],
  ])("keeps %s as it is, and says why, however the stream is cut", ([, make, expected]) => {
    const stream = make();
    expect(analyse(stream).outcome).toEqual(expected);
    expect(analyse(stream, { pieceBytes: () => 777 }).outcome).toEqual(expected);
  });

  it("wants no more bytes once the stream is raw", () => {
    const analyser = new GzipAnalyser({ engines: [LITERALS_ENGINE], onPlain: () => undefined });
    expect(analyser.write(Buffer.from("text"))).toBe(false);
    expect(analyser.write(gzipMember(LAYER))).toBe(false);
    expect(analyser.end()).toMatchObject({ kind: "raw" });
  });

  it("keeps a stream raw when there is no engine at all", () => {
    expect(analyse(gzipMember(LAYER), { engines: [] }).outcome).toMatchObject({
      reason: { kind: "unknown-encoder" },
    });
  });

  it("does not run on when columns grow with blocks of nothing", () => {
    const empties = new Uint8Array(500_000);
    // Ten bits each: not final, fixed, and the end.
    for (let bit = 0; bit < empties.length * 8; bit += 10) {
      const at = bit + 1;
      empties[at >>> 3] = (empties[at >>> 3] ?? 0) | (1 << (at & 7));
    }
    const stream = Buffer.concat([gzipHeader(0), empties]);
    expect(analyse(stream).outcome).toMatchObject({ reason: { kind: "unknown-encoder" } });
  });

  it("goes on with the engine that foresaw the member before, as long as it does", () => {
    const log: LiteralsModelLog = { takenBytes: 0, made: 0, ended: 0 };
    const other = { ...log };
    const engines: GzipEngine[] = [
      { ...LITERALS_ENGINE, id: 1, model: () => unlucky(other) },
      { ...LITERALS_ENGINE, model: () => literalsModel(log) },
    ];
    const member = gzipMember(LAYER.subarray(0, 2000));
    const { outcome } = analyse(Buffer.concat(Array.from({ length: 500 }, () => member)), {
      engines,
    });
    expect(outcome).toMatchObject({
      kind: "exact",
      findings: { framing: "500 members", corrections: 0 },
    });
    expect(other.made).toBe(1);
    expect(log.made).toBe(500);
    expect(log.ended).toBe(500);
  });

  test.for<[name: string, rows: readonly { id: number; treeRules: readonly TreeRule[] }[]]>([
    [
      "the one with the shorter block table wins",
      [
        { id: 8, treeRules: [] },
        { id: 7, treeRules: ["zlib"] },
      ],
    ],
    [
      "the first wins",
      [
        { id: 7, treeRules: [] },
        { id: 8, treeRules: [] },
      ],
    ],
  ])("of engines that foresee all to the end, %s", ([, rows]) => {
    const engines = rows.map(({ id, treeRules }) => ({
      ...LITERALS_ENGINE,
      id,
      model: () => ({ ...literalsModel(), treeRules }),
    }));
    const stream = gzipMember(LARGE.subarray(0, 2_500_000));
    const { outcome, plain } = analyse(stream, { engines });
    // The rebuilder knows number 7 alone.
    expect(Buffer.compare(rebuild(recipeOf(outcome), plain), stream)).toBe(0);
  });

  it("does not try all engines for ever on members that none foresees", () => {
    const log: LiteralsModelLog = { takenBytes: 0, made: 0, ended: 0 };
    const engines = [{ ...LITERALS_ENGINE, model: () => literalsModel(log) }];
    const member = gzipMember(LAYER.subarray(0, 2000), {});
    analyse(Buffer.concat(Array.from({ length: 50 }, () => member)), { engines });
    expect(log.made).toBeGreaterThanOrEqual(50);
    expect(log.made).toBeLessThan(80);
  });

  it("names no encoder of what is only stored", () => {
    const stored = gzipMember(LAYER, { level: 0 });
    const found = analyse(stored, { engines: GZIP_ENGINES }).outcome;
    expect(found).toMatchObject({ findings: { encoder: "stored", level: "0", corrections: 0 } });
    const literals = analyse(gzipMember(LAYER), { engines: GZIP_ENGINES }).outcome;
    expect(literals).toMatchObject({ findings: { level: "-2", corrections: 0 } });
  });

  it("names pigz by its framing", () => {
    const engine: GzipEngine = { ...LITERALS_ENGINE, family: "zlib" };
    const framed = flushedEvery(131_072, LAYER);
    expect(analyse(framed, { engines: [engine] }).outcome).toMatchObject({
      findings: { encoder: "pigz (zlib)" },
    });
  });

  it("names encoder, level and framing", () => {
    expect(analyse(gzipMember(LAYER)).outcome).toMatchObject({
      findings: {
        encoder: "zlib",
        level: "literals",
        framing: "one member",
        corrections: 0,
        plainBytes: LAYER.length,
        streamBytes: gzipMember(LAYER).length,
      },
    });
    const framed = flushedEvery(16_384, LAYER);
    expect(analyse(framed).outcome).toMatchObject({
      findings: { framing: "one member, blocks of 16 KiB (pgzip)" },
    });
  });
});

function raw(
  kind: "not-compressed" | "broken" | "unsupported" | "unknown-encoder",
  text: string,
): Outcome & { kind: "raw" } {
  return { kind: "raw", reason: { kind, text } };
}

/** A model that foresees nothing of what {@link literalsModel} does. */
function unlucky(log: LiteralsModelLog): ReturnType<GzipEngine["model"]> {
  const model = literalsModel(log);
  return {
    ...model,
    predictor(corrections) {
      const predictor = model.predictor(corrections);
      let taken = 0;
      return {
        get corrections(): number {
          return taken;
        },
        restarts: [],
        take(plain, tokens): void {
          taken += plain.length;
          predictor.take(plain, tokens);
        },
        end: () => predictor.end(),
        mark: () => undefined,
      };
    },
  };
}

/** A member whose encoder ended each of its blocks with an empty stored one. */
function flushedEvery(blockBytes: number, plain: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [gzipHeader(0)];
  for (let at = 0; at < plain.length; at += blockBytes) {
    const isLast = at + blockBytes >= plain.length;
    const finishFlush = isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
    const block = plain.subarray(at, at + blockBytes);
    pieces.push(deflateRawSync(block, { ...LITERALS_ONLY, finishFlush }));
  }
  return Buffer.concat([...pieces, gzipTrailer(plain)]);
}
