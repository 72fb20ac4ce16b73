import { expect, it } from "vitest";
import { createFinder, createWindow } from "../../../src/recompress/zstd/finders/finder-table.ts";
import type { ZstdEngine } from "../../../src/recompress/zstd/zstd-engines.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { analyse, recipeOf } from "./codec.ts";
import { encodeLike } from "./encode-like.ts";

const REVISIONS = [0, 1, 2, 3];

it("engines of one speed are tried, and the stream is followed, in one memory", () => {
  const memories = new Set<ArrayBufferLike>();
  const engines = REVISIONS.map((revision) => better(revision, memories));
  const [, , , writer] = engines;
  if (writer === undefined) throw new Error("there is no such revision");
  const stream = encodeLike(plainLayer({ seed: 6, sizeBytes: 400_000 }), { engine: writer });
  memories.clear();
  const { findings } = recipeOf(analyse([stream], { engines }).outcome);
  expect(findings.corrections).toBe(0);
  expect(memories.size).toBe(1);
});

function better(revision: number, memories: Set<ArrayBufferLike>): ZstdEngine {
  const model = { speed: "better", revision } as const;
  return {
    id: 20 + revision,
    encoder: `test encoder ${revision}`,
    level: "better",
    windowBytes: 128 * 1024,
    blockBytes: 128 * 1024,
    mayWorkInJobs: true,
    window(capacity, memory) {
      const window = createWindow(model, capacity, memory);
      memories.add(window.bytes.buffer);
      return window;
    },
    finder: (window, options) => createFinder(model, window, options),
  };
}
