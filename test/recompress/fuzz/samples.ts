/** Streams to spoil: small ones of every encoder that has golden recipes, and some of encoders without a model. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { goldenInputNamed } from "../golden/golden-inputs.ts";
import { rebuilt } from "../golden/golden-streams.ts";
import { readGoldenRecipes } from "../golden/golden-table.ts";

/** What a trial begins with. */
export interface FuzzSample {
  readonly name: string;
  readonly stream: Uint8Array;
  readonly plain: Uint8Array;
  /** Of streams that have one. */
  readonly recipe: Uint8Array | undefined;
}

/** @returns the samples; none is empty. */
export function fuzzSamples(): readonly FuzzSample[] {
  const plain = goldenInputNamed("small").make();
  const golden = readGoldenRecipes().filter(({ input }) => input === "small");
  return [
    ...golden.map(({ encoder, recipe }) => {
      return { name: encoder, plain, recipe, stream: rebuilt(recipe, plain) };
    }),
    { name: "node gzip", plain, recipe: undefined, stream: gzipSync(plain) },
    { name: "node zstd", plain, recipe: undefined, stream: zstdCompressSync(plain) },
    ...withoutLevels(plain),
  ];
}

/** Many members, many frames. */
function withoutLevels(plain: Uint8Array): readonly FuzzSample[] {
  const parts = [plain.subarray(0, 3000), plain.subarray(3000, 3500), plain.subarray(3500, 20_000)];
  const members = Buffer.concat(parts.map((part) => gzipSync(part)));
  const frames = Buffer.concat(parts.map((part) => zstdCompressSync(part)));
  return [
    { name: "members", plain, recipe: undefined, stream: members },
    { name: "frames", plain, recipe: undefined, stream: frames },
  ];
}
