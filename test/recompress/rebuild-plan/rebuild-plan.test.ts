import { describe, expect, it } from "vitest";
import { createGzipColumns, toGzipRecipe } from "../../../src/recompress/gzip/gzip-columns.ts";
import { GzipRestartsWriter, STREAM_START } from "../../../src/recompress/gzip/gzip-restarts.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import {
  PieceJoiner,
  planRebuild,
  type RebuildPiece,
} from "../../../src/recompress/rebuild-plan.ts";
import { rebuildStream, restartPoints } from "../../../src/recompress/rebuild.ts";
import { gzipStream, type RecipedStream, zstdStream } from "./streams.ts";

const GZIP = gzipStream();
const ZSTD = zstdStream();

describe("planRebuild()", () => {
  it.each([
    ["gzip", GZIP, 1],
    ["gzip", GZIP, 250_000],
    ["zstd", ZSTD, 1],
    ["zstd", ZSTD, 900_000],
  ])("cuts a %s stream into pieces that join to it", (_, sample, leastBytes) => {
    const { recipe, stream } = sample;
    const pieces = planRebuild(recipe, leastBytes);
    expect(pieces.length).toBeGreaterThan(1);
    expectOrder(pieces, sample);
    for (const { plainAt, plainEnd } of pieces.slice(0, -1)) {
      expect(plainEnd - plainAt).toBeGreaterThanOrEqual(leastBytes);
    }
    expect(Buffer.concat(joined(pieces, sample)).equals(stream)).toBe(true);
  });

  it("cuts gzip within bytes", () => {
    const pieces = planRebuild(GZIP.recipe, 1);
    expect(pieces.filter(({ sharesLastByte }) => sharesLastByte).length).toBeGreaterThan(3);
    expect(pieces.length).toBe(restartPoints(GZIP.recipe).length + 1);
  });

  it("makes pieces several times as long as what they have to go over first", () => {
    const pieces = planRebuild(ZSTD.recipe, 1);
    for (const { plainFrom, plainAt } of pieces.slice(1)) {
      expect(plainAt).toBeGreaterThan(plainFrom);
    }
    const [first, second] = pieces;
    const warmUpBytes = (second?.plainAt ?? 0) - (second?.plainFrom ?? 0);
    expect(first?.plainEnd).toBeGreaterThanOrEqual(2 * warmUpBytes);
    expect(pieces.length).toBeLessThan(restartPoints(ZSTD.recipe).length + 1);
  });

  it("makes one piece of a short stream", () => {
    const { plain, stream, recipe } = GZIP;
    expect(planRebuild(recipe)).toEqual([
      {
        from: undefined,
        until: undefined,
        plainFrom: 0,
        plainAt: 0,
        plainEnd: plain.length,
        streamFrom: 0,
        streamEnd: stream.length,
        sharesLastByte: false,
      },
    ]);
  });

  it("refuses restart points that lie before one another", () => {
    const columns = createGzipColumns();
    const writer = new GzipRestartsWriter(columns.restarts);
    const at = (plainByte: number, streamBit: number) => ({
      ...STREAM_START,
      plainByte,
      memberByte: plainByte,
      streamByte: 100,
      streamBit,
    });
    writer.restart(at(1000, 5));
    writer.restart(at(2000, 3));
    const recipe = toGzipRecipe(columns, { streamBytes: 5000, plainBytes: 5000 });
    expect(() => planRebuild(recipe, 1)).toThrow(RecipeError);
    expect(planRebuild(recipe, 2000)).toHaveLength(2);
  });
});

describe("PieceJoiner", () => {
  const piece = { from: undefined, until: undefined, plainFrom: 0, plainAt: 0, plainEnd: 0 };

  it("ORs the bits of a byte that many pieces share", () => {
    const joiner = new PieceJoiner();
    const take = (streamFrom: number, streamEnd: number, ...parts: readonly number[][]) => {
      joiner.begin({ ...piece, streamFrom, streamEnd, sharesLastByte: streamEnd < 4 });
      const bytes = parts.flatMap((part) => [...joiner.take(Uint8Array.from(part))]);
      joiner.end();
      return bytes;
    };
    expect(take(0, 2, [7], [], [0b001])).toEqual([7]);
    expect(take(1, 2, [0b010])).toEqual([]);
    expect(take(1, 3, [0b100], [0b11])).toEqual([0b111]);
    expect(take(2, 4, [0b100, 9])).toEqual([0b111, 9]);
  });

  it("refuses a piece that is not as large as it was planned", () => {
    const joiner = new PieceJoiner();
    joiner.begin({ ...piece, streamFrom: 3, streamEnd: 5, sharesLastByte: false });
    joiner.take(Uint8Array.of(1));
    expect(() => joiner.end()).toThrow("too small");
    expect(() => joiner.take(Uint8Array.of(1, 2))).toThrow("too large");
  });
});

function expectOrder(pieces: readonly RebuildPiece[], { plain, stream }: RecipedStream): void {
  expect(pieces[0]).toMatchObject({ plainFrom: 0, plainAt: 0, streamFrom: 0 });
  for (const [index, { plainFrom, plainAt, streamFrom }] of pieces.slice(1).entries()) {
    const before = pieces[index];
    expect(plainFrom).toBeLessThanOrEqual(plainAt);
    expect(plainAt).toBe(before?.plainEnd);
    expect(streamFrom).toBe((before?.streamEnd ?? 0) - (before?.sharesLastByte === true ? 1 : 0));
  }
  expect(pieces.at(-1)).toMatchObject({ plainEnd: plain.length, streamEnd: stream.length });
}

/** Rebuilds each piece apart from the others. */
function joined(pieces: readonly RebuildPiece[], sample: RecipedStream): readonly Uint8Array[] {
  const joiner = new PieceJoiner();
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    joiner.begin(piece);
    const rebuilder = rebuildStream(
      sample.recipe,
      (bytes) => parts.push(joiner.take(new Uint8Array(bytes))),
      piece,
    );
    let wantsMore = true;
    for (let at = piece.plainFrom; wantsMore && at < sample.plain.length; at += 40_000) {
      wantsMore = rebuilder.write(sample.plain.subarray(at, at + 40_000));
    }
    rebuilder.end();
    joiner.end();
  }
  return parts;
}
