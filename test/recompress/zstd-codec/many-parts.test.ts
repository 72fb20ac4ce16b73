import { describe, expect, test } from "vitest";
import { ZstdAnalyser } from "../../../src/recompress/zstd/zstd-analyser.ts";
import type { ZstdEngine } from "../../../src/recompress/zstd/zstd-engines.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { handFrame, type HandBlock, skippableFrame } from "../zstd-decode/frame-bytes.ts";
import { analyse, cut, rebuild, recipeOf } from "./codec.ts";
import { encodeLike } from "./encode-like.ts";
import { TEST_ENGINES } from "./test-engines.ts";

const LAYER = plainLayer({ seed: 8, sizeBytes: 300_000 });
const [FIRST] = TEST_ENGINES;
if (FIRST === undefined) throw new Error("no engines");
const STREAM = encodeLike(LAYER, { engine: FIRST });
const EMPTY: HandBlock = { type: 0, bytes: [] };
const MANY = 10_000;
const FORMS = {
  "empty frames": repeated(encodeLike(Buffer.alloc(0), { engine: FIRST })),
  "empty blocks": handFrame({ blocks: Array.from({ length: MANY }, () => EMPTY) }),
  "skippable frames": repeated(skippableFrame(Buffer.alloc(0))),
};

function repeated(bytes: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: MANY }, () => bytes));
}

/** @returns the engine, and how often its windows were asked for: as soon as it is tried. */
function watched(engine: ZstdEngine): {
  readonly engine: ZstdEngine;
  readonly tries: () => number;
} {
  let tries = 0;
  return {
    tries: () => tries,
    engine: {
      ...engine,
      window: (capacity, spent) => {
        tries++;
        return engine.window(capacity, spent);
      },
    },
  };
}

describe.each(Object.entries(FORMS))("very many %s", (_, form) => {
  test("are not kept until an engine shows", () => {
    const { engine, tries } = watched(FIRST);
    const analyser = new ZstdAnalyser({ engines: [engine], onPlain: () => undefined });
    analyser.write(form);
    expect(tries()).toBeGreaterThan(0);
  });

  test("before a stream lead to the same however all is cut", () => {
    const stream = Buffer.concat([form, STREAM]);
    const { outcome } = analyse([stream]);
    expect(analyse(cut(stream, 3, 999)).outcome).toEqual(outcome);
    if (outcome.kind === "raw") return;
    expect(rebuild(recipeOf(outcome).recipe, cut(LAYER, 4)).equals(stream)).toBe(true);
  });
});

test.each(["empty frames", "empty blocks"] as const)(
  "very many %s may stand behind a stream",
  (name) => {
    const stream = Buffer.concat([STREAM, FORMS[name]]);
    const { recipe } = recipeOf(analyse(cut(stream, 3, 999)).outcome);
    expect(rebuild(recipe, cut(LAYER, 4)).equals(stream)).toBe(true);
  },
);

test("a skippable frame in small pieces is one thing to keep", () => {
  const { engine, tries } = watched(FIRST);
  const analyser = new ZstdAnalyser({ engines: [engine], onPlain: () => undefined });
  for (const byte of skippableFrame(Buffer.alloc(MANY))) analyser.write(Uint8Array.of(byte));
  expect(tries()).toBe(0);
});

test("long skippable frames are not kept until an engine shows", () => {
  const { engine, tries } = watched(FIRST);
  const analyser = new ZstdAnalyser({ engines: [engine], onPlain: () => undefined });
  analyser.write(skippableFrame(Buffer.alloc(5 * 1024 * 1024)));
  expect(tries()).toBeGreaterThan(0);
});
