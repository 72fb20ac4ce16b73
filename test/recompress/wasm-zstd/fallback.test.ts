import { afterEach, expect, it } from "vitest";
import { createBlockCoder } from "../../../src/recompress/zstd/coder/compiled-coder.ts";
import { PortableCoder } from "../../../src/recompress/zstd/coder/portable-coder.ts";
import { CompiledFinder } from "../../../src/recompress/zstd/finders/compiled-finder.ts";
import { createFinder, createWindow } from "../../../src/recompress/zstd/finders/finder-table.ts";
import { Xxh64 } from "../../../src/recompress/zstd/xxh64.ts";
import { createCompiledLanes } from "../../../src/recompress/zstd/xxh64-twin.ts";

const webAssembly: unknown = Reflect.get(globalThis, "WebAssembly");

afterEach(() => {
  Reflect.set(globalThis, "WebAssembly", webAssembly);
});

it("finders, coders and hashes are those in TypeScript where WebAssembly is switched off", () => {
  Reflect.set(globalThis, "WebAssembly", undefined);
  const model = { speed: "default", revision: 0 } as const;
  const window = createWindow(model, 100_000);
  const finder = createFinder(model, window, { windowSize: 50_000 });
  expect(finder).not.toBeInstanceOf(CompiledFinder);
  expect(createBlockCoder()).toBeInstanceOf(PortableCoder);
  expect(createCompiledLanes()).toBe(undefined);
  expect([...new Xxh64().lowBytes()]).toEqual([0x99, 0xe9, 0xd8, 0x51]);
});
