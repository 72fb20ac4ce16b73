import { goChainModel } from "../../../src/recompress/gzip/chain/go-model.ts";
import { klauspostChainModel } from "../../../src/recompress/gzip/chain/klauspost-model.ts";
import { zlibModel } from "../../../src/recompress/gzip/chain/zlib-model.ts";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import type { TokenModel } from "../../../src/recompress/gzip/token-model.ts";

/** One of each kind of engine: greedy and lazy, zlib's, GNU gzip's, Go's, klauspost's with and without costs. */
export const CHAIN_MODELS: readonly (readonly [string, (framing: Framing) => TokenModel])[] = [
  ["zlib 1", (framing) => zlibModel(1, { flavour: "zlib", framing })],
  ["zlib 6", (framing) => zlibModel(6, { flavour: "zlib", framing })],
  ["GNU gzip 3", (framing) => zlibModel(3, { flavour: "gnu", framing })],
  ["GNU gzip 5", (framing) => zlibModel(5, { flavour: "gnu", framing })],
  ["Go 2", (framing) => goChainModel(2, framing)],
  ["Go 6", (framing) => goChainModel(6, framing)],
  ["klauspost 7", (framing) => klauspostChainModel(7, { revision: "v1.15.0", framing })],
  ["klauspost 8", (framing) => klauspostChainModel(8, { revision: "v1.15.15", framing })],
  ["klauspost 9", (framing) => klauspostChainModel(9, { revision: "go1.27", framing })],
];

/** How pigz works, and pgzip with small blocks; each with a number that no file's size is a multiple of. */
export const FRAMINGS: readonly Framing[] = [
  { kind: "none" },
  { kind: "blocks", blockBytes: 131_072, historyBytes: 32_768 },
  { kind: "blocks", blockBytes: 50_001, historyBytes: 16_384 },
];
