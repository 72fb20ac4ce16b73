import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { likeliestFirst } from "../../../src/recompress/gzip/engine-order.ts";
import { race, runAgain } from "../../../src/recompress/gzip/engine-race.ts";
import type { RaceCourse } from "../../../src/recompress/gzip/engine-race.ts";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import { GZIP_ENGINES } from "../../../src/recompress/gzip/gzip-engines.ts";
import type { GzipEngine } from "../../../src/recompress/gzip/gzip-engines.ts";
import { Inflater } from "../../../src/recompress/gzip/inflate/inflater.ts";
import type { TokenModel } from "../../../src/recompress/gzip/token-model.ts";
import { TokenSample } from "../../../src/recompress/gzip/token-sample.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { LITERALS_ONLY, gzipHeader } from "./gzip-parts.ts";

const FRAMED: Framing = { kind: "blocks", blockBytes: 65_536, historyBytes: 0 };
const LAYER = plainLayer({ seed: 4, sizeBytes: 700_000 });

describe("race()", () => {
  it("is won by who foresees the sample, wherever that one stands", () => {
    const course = courseOf(LAYER);
    for (const place of [0, 3, 6]) {
      const engines = Array.from({ length: 7 }, (_, id) =>
        wrongOnceIn(id === place ? Infinity : 50 + id, id),
      );
      const runners = race({ engines, framings: [NO_FRAMING] }, course);
      expect(runners.map((runner) => runner.candidate.engine.id)).toEqual([place]);
      expect(runners[0]?.predictor.corrections).toBe(0);
    }
  });

  it("leaves equals in their order", () => {
    const engines = [wrongOnceIn(100, 1), wrongOnceIn(Infinity, 2), wrongOnceIn(Infinity, 3)];
    const runners = race({ engines, framings: [NO_FRAMING] }, courseOf(LAYER));
    expect(runners.map((runner) => runner.candidate.engine.id)).toEqual([2, 3]);
  });

  it("leaves those that are nearly equal, when nobody foresees all", () => {
    const engines = [
      wrongOnceIn(50, 1),
      wrongOnceIn(100, 2),
      wrongOnceIn(105, 3),
      wrongOnceIn(99, 4),
    ];
    const runners = race({ engines, framings: [NO_FRAMING] }, courseOf(LAYER));
    expect(
      runners.map((runner) => runner.candidate.engine.id).toSorted((one, other) => one - other),
    ).toEqual([2, 3, 4]);
  });

  it("does not leave out who shows late what was not foreseen", () => {
    const engines = [
      wrongOnceIn(Infinity, 1, 65_536),
      wrongOnceIn(40, 2, 65_536),
      wrongOnceIn(1000, 3),
    ];
    const runners = race({ engines, framings: [NO_FRAMING] }, courseOf(LAYER));
    expect(runners.map((runner) => runner.candidate.engine.id)).toEqual([1]);
  });

  it("finds the framing", () => {
    const engine = {
      ...wrongOnceIn(Infinity, 1),
      model: (framing: Framing) => modelWrongOnceIn(framing === FRAMED ? Infinity : 500),
    };
    const [first, ...others] = race(
      { engines: [engine], framings: [NO_FRAMING, FRAMED] },
      courseOf(LAYER),
    );
    expect(first?.candidate.framing).toBe(FRAMED);
    expect(others).toEqual([]);
  });

  it("takes of equals first the one whose programs cut their input so", () => {
    const engines = [1, 2].map((id): GzipEngine => ({
      ...wrongOnceIn(Infinity, id),
      family: "klauspost",
      isNeverFramed: id === 1,
    }));
    const pgzip: Framing = { kind: "blocks", blockBytes: 65_536, historyBytes: 16_384 };
    const order = [[pgzip], [NO_FRAMING]].map((framings) =>
      race({ engines, framings }, courseOf(LAYER)).map(({ candidate }) => candidate.engine.id),
    );
    expect(order).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });

  it("stops those that have lost before they have read much", () => {
    const taken: number[] = [];
    const loser: GzipEngine = { ...wrongOnceIn(2, 2), model: () => modelWrongOnceIn(2, 0, taken) };
    race({ engines: [wrongOnceIn(Infinity, 1), loser], framings: [NO_FRAMING] }, courseOf(LAYER));
    expect(taken.length).toBe(1);
    expect(Math.max(...taken)).toBeLessThan(40_000);
  });

  it("gives winners that have taken the whole sample", () => {
    const taken: number[] = [];
    const engine: GzipEngine = { ...wrongOnceIn(9, 1), model: () => modelWrongOnceIn(9, 0, taken) };
    const course = courseOf(LAYER);
    const [winner] = race({ engines: [engine], framings: [NO_FRAMING] }, course);
    expect(taken.at(-1)).toBe(LAYER.length);
    if (winner === undefined) throw new Error("nobody won");
    expect(runAgain(winner, course).predictor.corrections).toBe(winner.predictor.corrections);
    expect(runAgain(winner, course).model).toBe(winner.model);
  });
});

describe("likeliestFirst()", () => {
  const first = (extra: number, system: number): string => {
    const header = gzipHeader(0).with(8, extra).with(9, system);
    const [engine] = likeliestFirst(GZIP_ENGINES, header);
    return `${engine?.family} ${engine?.level}`;
  };

  it("believes the header as far as an order goes", () => {
    expect(first(0, 255)).toBe("go 6");
    expect(first(4, 255)).toBe("go 1");
    expect(first(2, 255)).toBe("go 9");
    expect(first(0, 3)).toBe("gnu 6");
    expect(first(2, 0)).toBe("zlib 9");
  });

  it("lets the families take turns", () => {
    const header = gzipHeader(0).with(9, 255);
    const six = likeliestFirst(GZIP_ENGINES, header).slice(0, 6);
    expect(six.map(({ family, level }) => `${family} ${level}`)).toEqual([
      "go 6",
      "klauspost 6",
      "zlib 6",
      "gnu 6",
      "go 5",
      "klauspost 5",
    ]);
  });

  it("leaves out none", () => {
    const ordered = likeliestFirst(GZIP_ENGINES, gzipHeader(0));
    expect(new Set(ordered)).toEqual(new Set(GZIP_ENGINES));
    expect(ordered).toHaveLength(GZIP_ENGINES.length);
  });
});

function courseOf(plain: Uint8Array): RaceCourse {
  const sample = new TokenSample();
  new Inflater(sample).write(deflateRawSync(plain, LITERALS_ONLY));
  return { sample, isWhole: true };
}

/** An engine that is wrong at every so many-th byte, and tells so at borders of `stepBytes`. */
function wrongOnceIn(bytes: number, id: number, stepBytes = 0): GzipEngine {
  return {
    id,
    family: "go",
    encoder: `wrong once in ${bytes}`,
    level: "6",
    model: () => modelWrongOnceIn(bytes, stepBytes),
  };
}

function modelWrongOnceIn(bytes: number, stepBytes = 0, taken: number[] = []): TokenModel {
  return {
    sizeUnit: "tokens",
    treeRules: [],
    predictor() {
      const index = taken.push(0) - 1;
      let hasEnded = false;
      return {
        get corrections(): number {
          const all = taken[index] ?? 0;
          const seen = stepBytes === 0 || hasEnded ? all : all - (all % stepBytes);
          return Math.floor(seen / bytes);
        },
        restarts: [],
        take(plain): void {
          taken[index] = (taken[index] ?? 0) + plain.length;
        },
        end(): void {
          hasEnded = true;
        },
        mark: () => undefined,
      };
    },
    producer: () => {
      throw new Error("nothing is rebuilt here");
    },
  };
}
