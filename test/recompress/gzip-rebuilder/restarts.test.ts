import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { GzipRebuilder } from "../../../src/recompress/gzip/gzip-rebuilder.ts";
import { gzipRestarts, GzipRestartsWriter } from "../../../src/recompress/gzip/gzip-restarts.ts";
import type { GzipRestart } from "../../../src/recompress/gzip/gzip-restarts.ts";
import { createGzipColumns, toGzipRecipe } from "../../../src/recompress/gzip/gzip-columns.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { NotedTokenModel } from "../../fakes/noted-token-model.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { noteStream } from "./noted-stream.ts";
import type { NotedStream } from "./noted-stream.ts";

const LAYER = plainLayer({ seed: 8, sizeBytes: 900_000 });
const random = new SeededRandom(3);
const NOISE = Uint8Array.from({ length: 120_000 }, () => random.below(256));
const MEMBERS = [
  gzipSync(LAYER, { memLevel: 6 }),
  gzipSync(Buffer.concat([NOISE, LAYER.subarray(0, 300_000)])),
  gzipSync(""),
  gzipSync(LAYER.subarray(0, 400_000), { level: 1 }),
];
const STREAM = Buffer.concat(MEMBERS);

function note(): NotedStream {
  const model = new NotedTokenModel({ sizeUnit: "tokens", treeRules: ["zlib"] });
  return noteStream(STREAM, { model, restartEvery: 3 });
}

interface Piece {
  readonly from?: GzipRestart | undefined;
  readonly until?: GzipRestart | undefined;
}

function piece(noted: NotedStream, { from, until }: Piece): Buffer {
  const parts: Uint8Array[] = [];
  const { recipe, engines, plain } = noted;
  const onBytes = (bytes: Uint8Array) => parts.push(bytes);
  const rebuilder = new GzipRebuilder({ recipe, engines, onBytes, from, until });
  const start = (from?.plainByte ?? 0) - (from?.tokens?.historyBytes ?? 0);
  let needsMore = true;
  for (let at = start; at < plain.length && needsMore; at += 7777) {
    needsMore = rebuilder.write(plain.subarray(at, at + 7777));
  }
  rebuilder.end();
  return Buffer.concat(parts);
}

/** Joins pieces as a reader of them has to: the byte they share is in both. */
function joined(noted: NotedStream, restarts: readonly GzipRestart[]): Buffer {
  const bytes = Buffer.alloc(STREAM.length);
  for (const [index, from] of [undefined, ...restarts].entries()) {
    const part = piece(noted, { from, until: restarts[index] });
    let at = from?.streamByte ?? 0;
    for (const byte of part) bytes[at] = (bytes[at++] ?? 0) | byte;
  }
  return bytes;
}

describe("restarts", () => {
  it("let a rebuild begin at each of them", () => {
    const noted = note();
    const restarts = gzipRestarts(noted.recipe);
    expect(restarts.length).toBeGreaterThan(10);
    expect(new Set(restarts.map(({ streamBit }) => streamBit)).size).toBeGreaterThan(4);
    for (const from of restarts) {
      const rest = piece(noted, { from });
      const expected = Buffer.from(STREAM.subarray(from.streamByte));
      expected[0] = (expected[0] ?? 0) & (0xff << from.streamBit);
      expect(rest.equals(expected)).toBe(true);
    }
  });

  it("let pieces be made apart that make up the stream", () => {
    const noted = note();
    const restarts = gzipRestarts(noted.recipe);
    expect(joined(noted, restarts).equals(STREAM)).toBe(true);
    expect(joined(noted, restarts.slice(4, 7)).equals(STREAM)).toBe(true);
  });

  it("may lie at a member's header", () => {
    const noted = note();
    const [first, second] = MEMBERS;
    const place = (member: number, streamByte: number, plainByte: number): GzipRestart => ({
      member,
      block: 0,
      plainByte,
      memberByte: 0,
      streamByte,
      streamBit: 0,
      crc: 0,
      tokens: undefined,
    });
    const afterFirst = place(1, first?.length ?? 0, LAYER.length);
    const afterSecond = place(
      2,
      afterFirst.streamByte + (second?.length ?? 0),
      LAYER.length + 420_000,
    );
    expect(joined(noted, [afterFirst, afterSecond]).equals(STREAM)).toBe(true);
    const within = gzipRestarts(noted.recipe).filter(({ member }) => member === 1);
    expect(joined(noted, [afterFirst, ...within, afterSecond]).equals(STREAM)).toBe(true);
  });

  it("are refused when they lie where the recipe has nothing", () => {
    const noted = note();
    const [from] = gzipRestarts(noted.recipe);
    if (from === undefined) throw new Error("there are restarts");
    expect(() => piece(noted, { from: { ...from, member: 4 } })).toThrow(RecipeError);
    expect(() => piece(noted, { from: { ...from, block: 5000 } })).toThrow(RecipeError);
    expect(() => piece(noted, { from: { ...from, memberByte: 1e9 } })).toThrow(RecipeError);
    expect(() => piece(noted, { until: { ...from, block: from.block + 1 } })).toThrow(RecipeError);
  });
});

describe("gzipRestarts()", () => {
  const restart: GzipRestart = {
    member: 3,
    block: 12,
    plainByte: 2 ** 40,
    memberByte: 70_000,
    streamByte: 2 ** 39,
    streamBit: 7,
    crc: 0xffffffff,
    tokens: { historyBytes: 65_536, state: [0, 70_000 - 65_536, 2 ** 50] },
  };

  it("reads what was written", () => {
    const columns = createGzipColumns();
    const writer = new GzipRestartsWriter(columns.restarts);
    const later = { ...restart, plainByte: 2 ** 41, memberByte: 0, member: 4, block: 0 };
    const restarts = [restart, { ...later, tokens: undefined }];
    for (const one of restarts) writer.restart(one);
    const sizes = { streamBytes: 2 ** 42, plainBytes: 2 ** 42 };
    expect(gzipRestarts(toGzipRecipe(columns, sizes))).toEqual(restarts);
    const small = toGzipRecipe(columns, { streamBytes: 2 ** 42, plainBytes: 2 ** 40 });
    expect(() => gzipRestarts(small)).toThrow(RecipeError);
  });
});
