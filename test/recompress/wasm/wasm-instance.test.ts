import { afterEach, describe, expect, it } from "vitest";
import { goChainModel } from "../../../src/recompress/gzip/chain/go-model.ts";
import { zlibModel } from "../../../src/recompress/gzip/chain/zlib-model.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import { createSegmentModel } from "../../../src/recompress/gzip/segment/segment-model.ts";
import type { TokenModel } from "../../../src/recompress/gzip/token-model.ts";
import { MODULE_BASE64 } from "../../../src/recompress/gzip/chain/lazy-engine-module.ts";
import { MODULE_BASE64 as FINDER_BASE64 } from "../../../src/recompress/zstd/finders/better-engine-module.ts";
import { instantiate } from "../../../src/recompress/wasm-instance.ts";
import { inventTokens, mixedPlain, predict } from "../gzip-segment/token-streams.ts";

const webAssembly = Reflect.get(globalThis, "WebAssembly") as object;

afterEach(() => {
  Reflect.set(globalThis, "WebAssembly", webAssembly);
});

describe("instantiate()", () => {
  it("makes instances with a memory each", () => {
    const [one, other] = [instantiate(MODULE_BASE64), instantiate(MODULE_BASE64)];
    expect(one?.memory.byteLength).toBeGreaterThan(1 << 20);
    expect(one?.memory).not.toBe(other?.memory);
  });

  it("has a memory begin with the pages that are asked for", () => {
    for (const pages of [200, 4000]) {
      const instance = instantiate(FINDER_BASE64, pages);
      expect(instance?.memory.byteLength).toBe(pages * 65_536);
      expect(instance?.constant("TABLES")).toBe(instantiate(FINDER_BASE64)?.constant("TABLES"));
    }
  });

  it("says by name what a module lacks", () => {
    const instance = instantiate(MODULE_BASE64);
    expect(() => instance?.run("WINDOW")).toThrow("no function WINDOW");
    expect(() => instance?.constant("run")).toThrow("no constant run");
  });

  it("makes none where WebAssembly is switched off", () => {
    Reflect.set(globalThis, "WebAssembly", undefined);
    expect(instantiate(MODULE_BASE64)).toBeUndefined();
  });
});

const MODELS: readonly (readonly [string, () => TokenModel])[] = [
  ["Go 6", () => goChainModel(6, NO_FRAMING)],
  ["zlib 6", () => zlibModel(6, { flavour: "zlib", framing: NO_FRAMING })],
  ["klauspost 5", () => createSegmentModel("level-5", NO_FRAMING)],
  ["klauspost 1", () => createSegmentModel("level-1", NO_FRAMING)],
];

it.each(MODELS)("a model foresees the same without WebAssembly: %s", (_, create) => {
  const plain = mixedPlain(4, 150_000);
  const shape = [{ plain, tokens: inventTokens(plain, { seed: 4, matchOneIn: 2 }) }];
  const compiled = predict(create(), shape);
  Reflect.set(globalThis, "WebAssembly", undefined);
  expect(predict(create(), shape)).toEqual(compiled);
});
