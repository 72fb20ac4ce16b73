import { describe, expect, it } from "vitest";
import { EngineMemory } from "../../../src/recompress/engine-memory.ts";
import type { PlainWindow } from "../../../src/recompress/plain-window.ts";
import { createFinder, createWindow } from "../../../src/recompress/zstd/finders/finder-table.ts";
import type { FinderOptions, ZstdEngine } from "../../../src/recompress/zstd/zstd-engines.ts";
import { ZstdRebuilder } from "../../../src/recompress/zstd/zstd-rebuilder.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { chunkedStream, ENGINE as CHUNKED_ENGINE } from "../zstd-chunked/chunked-stream.ts";
import { analyse, recipeOf } from "./codec.ts";
import { encodeLike } from "./encode-like.ts";

const MEBIBYTE = 1024 * 1024;
const LAYER = plainLayer({ seed: 6, sizeBytes: 900_000 });

/** An engine that keeps all that it was asked for. */
class WatchedEngine implements ZstdEngine {
  readonly id = CHUNKED_ENGINE.id;
  readonly encoder = "test encoder";
  readonly level = "default";
  readonly windowBytes: number;
  readonly blockBytes = 128 * 1024;
  readonly mayWorkInJobs: boolean;
  readonly windows: PlainWindow[] = [];
  readonly finders: FinderOptions[] = [];

  constructor(windowBytes: number, mayWorkInJobs = false) {
    this.windowBytes = windowBytes;
    this.mayWorkInJobs = mayWorkInJobs;
  }

  get memories(): number {
    return new Set(this.windows.map((window) => window.bytes.buffer)).size;
  }

  window = (capacity: number, memory?: EngineMemory): PlainWindow => {
    const window = createWindow({ speed: "default", revision: 0 }, capacity, memory);
    this.windows.push(window);
    return window;
  };

  finder: ZstdEngine["finder"] = (window, options) => {
    this.finders.push(options);
    return createFinder({ speed: "default", revision: 0 }, window, options);
  };
}

describe("the memory of engines", () => {
  it("is one for the analysis of a stream with documents and for its rebuild", () => {
    const stream = chunkedStream(LAYER);
    const engine = new WatchedEngine(CHUNKED_ENGINE.windowBytes);
    const memory = new EngineMemory();
    const { recipe, findings } = recipeOf(analyse([stream], { engines: [engine], memory }).outcome);
    expect(findings.framing).toContain("zstd:chunked");
    const parts: Buffer[] = [];
    const onBytes = (bytes: Uint8Array): void => void parts.push(Buffer.from(bytes));
    const rebuilder = new ZstdRebuilder({ recipe, engines: [engine], memory, onBytes });
    rebuilder.write(LAYER);
    rebuilder.end();
    expect(Buffer.concat(parts).equals(stream)).toBe(true);
    expect(engine.windows.length).toBeGreaterThan(4);
    expect(engine.memories).toBe(1);
  });

  it("is given back by what is no use", () => {
    // What is no stream comes when the engine is found and works.
    const large = plainLayer({ seed: 9, sizeBytes: 5 * MEBIBYTE });
    const stream = encodeLike(large, { engine: new WatchedEngine(MEBIBYTE) });
    const spoilt = Buffer.concat([stream, Buffer.from("and something else")]);
    const memory = new EngineMemory();
    const engine = new WatchedEngine(MEBIBYTE);
    expect(analyse([spoilt], { engines: [engine], memory }).outcome.kind).toBe("raw");
    expect(analyse([stream], { engines: [engine], memory }).outcome.kind).toBe("exact");
    expect(engine.memories).toBe(1);
  });

  it("is filled by frames as long as the window only", () => {
    const large = plainLayer({ seed: 7, sizeBytes: 7 * MEBIBYTE });
    const frameEnds = Array.from({ length: 6 }, (_, index) => (index + 1) * MEBIBYTE);
    const stream = encodeLike(large, { engine: new WatchedEngine(16 * MEBIBYTE), frameEnds });
    const engine = new WatchedEngine(16 * MEBIBYTE);
    expect(analyse([stream], { engines: [engine] }).outcome.kind).toBe("exact");
    const slid = engine.windows.map((window) => window.slid);
    expect(Math.max(...slid)).toBeGreaterThanOrEqual(4 * MEBIBYTE);
  });

  it("is not taken for jobs by an encoder that has none", () => {
    const long = plainLayer({ seed: 8, sizeBytes: 700_000 });
    const finders = [false, true].map((mayWorkInJobs) => {
      const engine = new WatchedEngine(131_072, mayWorkInJobs);
      const stream = encodeLike(long, { engine });
      engine.finders.length = 0;
      expect(analyse([stream], { engines: [engine] }).outcome.kind).toBe("exact");
      return engine.finders.filter(({ jobBytes }) => jobBytes !== undefined).length;
    });
    expect(finders).toEqual([0, 1]);
  });
});
