import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encoderNamed, ENCODERS } from "../encoders/encoder-table.ts";
import { GOLDEN_INPUTS, goldenInputNamed, goldenInputsOf } from "./golden-inputs.ts";
import { formatGoldenTable, readGoldenRecipes, readGoldenTable } from "./golden-table.ts";

const INPUT_SHA256: Readonly<Record<string, string>> = {
  layer: "26829e80e148dfa43d82a0a2d71496198b598971197020761622053884c0c065",
  small: "470278a304269472d9c53f33176f68d74ac899a3fa129dac8b327cd8cf9621c5",
  empty: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  one: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
  zeros: "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025",
  random: "a18b557bda84233cb9b3a6f052fc214f200fd390a25da5fdb2c99fa7d819c541",
  runs: "0335a4703747ef1c98b9d47820e51bf0f255fcda783eb7c13e0248e99f13f244",
  letters: "84919cda40be6ad4eda19cec4bc4a70907eaaa9083bcc268f525d3af44dd3aae",
  changes: "b5e16a7b7f27155cfaf2da238240299815f4eb2abcd5678c2d3ce110c47530de",
  tiny: "34f665f2dd363ac881c21f499f7ee5cf6612792ef78fee4486537bbc26acd9de",
};

describe("GOLDEN_INPUTS", () => {
  it.each(GOLDEN_INPUTS.map(({ name }) => name))("are the same for ever: %s", (name) => {
    expect(hash("sha256", goldenInputNamed(name).make())).toBe(INPUT_SHA256[name]);
  });
});

describe("readGoldenTable", () => {
  it("gives what formatGoldenTable wrote", () => {
    const text = formatGoldenTable(readGoldenTable());
    expect(text.split("\n")).toHaveLength(readGoldenTable().length + 2);
  });

  it("has every input of every encoder with a model, and no other", () => {
    expect(readGoldenTable().map(keyOf)).toEqual(wantedKeys());
  });

  it("has each stream once, made of a known input, and none that is empty", () => {
    const rows = readGoldenTable();
    expect(new Set(rows.map(({ encoder, input }) => `${encoder} ${input}`)).size).toBe(rows.length);
    for (const { input, sizeBytes } of rows) {
      expect(goldenInputNamed(input).name).toBe(input);
      expect(sizeBytes).toBeGreaterThan(0);
    }
  });

  it("says that Go 1.26 writes what Go 1.19 wrote", () => {
    for (const level of ["1", "6", "9"]) {
      expect(digestsOf(`go-1.26-${level}`)).toEqual(digestsOf(`go-1.19-${level}`));
    }
  });
});

describe("readGoldenRecipes", () => {
  it("gives one recipe for each stream of the table", () => {
    expect(readGoldenRecipes().map(keyOf)).toEqual(readGoldenTable().map(keyOf));
    for (const { recipe } of readGoldenRecipes()) expect(recipe.length).toBeGreaterThan(0);
  });
});

/** Those that write nothing at all when there is nothing to compress: they have no row for that. */
const WRITES_NOTHING = /^zstd-1\.1[567]\./;

function wantedKeys(): readonly string[] {
  // The jobs of the usual windows show only in streams larger than any golden input.
  const wanted = ENCODERS.filter(({ hasModel, name }) => hasModel && !name.endsWith("-jobs"));
  return wanted.flatMap((encoder) =>
    goldenInputsOf(encoder)
      .filter(({ name }) => name !== "empty" || !WRITES_NOTHING.test(encoder.name))
      .map(({ name }) => `${encoder.name} ${name}`),
  );
}

function keyOf({ encoder, input }: { readonly encoder: string; readonly input: string }): string {
  return `${encoder} ${input}`;
}

function digestsOf(encoder: string): readonly string[] {
  const rows = readGoldenTable().filter((row) => row.encoder === encoder);
  expect(rows).toHaveLength(goldenInputsOf(encoderNamed(encoder)).length);
  return rows.map(({ sha256 }) => sha256);
}
