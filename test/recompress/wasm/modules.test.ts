import { glob, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { compileModule, ENGINE_SOURCES, moduleFile, moduleFileOf } from "./compile.ts";

const sources = await Array.fromAsync(glob(ENGINE_SOURCES));

it("there are engines in AssemblyScript", () => {
  expect(sources).not.toEqual([]);
});

it.each(sources)("the module checked in for %s is what its source compiles to", async (source) => {
  const module = await compileModule(source);
  expect(await readFile(moduleFileOf(source), "utf8")).toBe(moduleFile(source, module));
});
