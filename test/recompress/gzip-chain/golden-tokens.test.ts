import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { GO_CHAIN_LEVELS, goChainModel } from "../../../src/recompress/gzip/chain/go-model.ts";
import {
  KLAUSPOST_CHAIN_LEVELS,
  klauspostChainModel,
} from "../../../src/recompress/gzip/chain/klauspost-model.ts";
import type { KlauspostChainRevision } from "../../../src/recompress/gzip/chain/klauspost-model.ts";
import { ZLIB_LEVELS, zlibModel } from "../../../src/recompress/gzip/chain/zlib-model.ts";
import type { ZlibFlavour } from "../../../src/recompress/gzip/chain/zlib-model.ts";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { TokenModel } from "../../../src/recompress/gzip/token-model.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mixedPlain, rebuild } from "../gzip-segment/token-streams.ts";

const REVISIONS: readonly KlauspostChainRevision[] = ["v1.15.0", "v1.15.15", "v1.18.5", "go1.27"];
const FLAVOURS: readonly ZlibFlavour[] = ["zlib", "gnu"];
const PIGZ: Framing = { kind: "blocks", blockBytes: 131_072, historyBytes: 32_768 };
const PGZIP: Framing = { kind: "blocks", blockBytes: 262_144, historyBytes: 16_384 };

/** Ends so that GNU gzip's own way at the end shows at half of its levels. */
const plain = Buffer.concat([mixedPlain(11, 420_000), fourValues(79_981)]);
/** What no encoder stores a block of. */
const layer = plainLayer({ seed: 4, sizeBytes: 400_000 });

/**
 * The first 16 digits of the SHA-256 of the tokens, as little-endian words. The streams that the encoders
 * themselves made of these bytes have these tokens: zlib 1.2.13, GNU gzip 1.12, pigz 2.6, Go 1.19.13, 1.26.8
 * and 1.27.3, klauspost 1.15.0 to 1.20.3, pgzip 1.2.6. What a model chooses must never change, or recipes
 * that name it give other bytes.
 */
const GOLDEN: Readonly<Record<string, string>> = {
  "zlib 1": "d76e398dfe176d26",
  "zlib 2": "df3a0c4a8c1d2651",
  "zlib 3": "2cdaa57fa08e9f62",
  "zlib 4": "26b683d1925dee02",
  "zlib 5": "3b07cca2985722f5",
  "zlib 6": "ed111f6850ec7cab",
  "zlib 7": "550dec813e2a5727",
  "zlib 8": "22cfc971643d9e56",
  "zlib 9": "370e7c08a5076e02",
  "gnu 1": "7fe6d94bd02dc53d",
  "gnu 2": "df3a0c4a8c1d2651",
  "gnu 3": "0467d5d7c927000c",
  "gnu 4": "26b683d1925dee02",
  "gnu 5": "3b07cca2985722f5",
  "gnu 6": "2e454ee40f3c53f9",
  "gnu 7": "e20240c7e77499ee",
  "gnu 8": "944b8c9f1a7c8462",
  "gnu 9": "cb8715691529abed",
  "go 2": "3781c3eccbf326ae",
  "go 3": "1c4e494c59e0da29",
  "go 4": "7fcf15f924cc58ff",
  "go 5": "af23b070f4200553",
  "go 6": "66bc9d37f7bb2eef",
  "go 7": "e477eed80ff7c7f5",
  "go 8": "17d019bd67a67b5d",
  "go 9": "ef72636b64138c25",
  "klauspost v1.15.0 7": "ad70cb02120466c7",
  "klauspost v1.15.0 8": "83c6030c5f9a8345",
  "klauspost v1.15.0 9": "d53b07824432e57a",
  "klauspost v1.15.15 7": "638eaf2d6176bb27",
  "klauspost v1.15.15 8": "79dc3f205a5e2636",
  "klauspost v1.15.15 9": "898e774c1b82c459",
  "klauspost v1.18.5 7": "638eaf2d6176bb27",
  "klauspost v1.18.5 8": "79dc3f205a5e2636",
  "klauspost v1.18.5 9": "56ebecad156a7682",
  "klauspost go1.27 7": "638eaf2d6176bb27",
  "klauspost go1.27 8": "79dc3f205a5e2636",
  "klauspost go1.27 9": "1f7534e1d1e7ae9f",
  "pigz 1": "0ffbb4dee98dc5fb",
  "pigz 6": "44630ab588420fdf",
  "pgzip 7": "ebadba41dac2cfe9",
  "pgzip 9": "26af777c3c9fc334",
};

function fourValues(sizeBytes: number): Uint8Array {
  const random = new SeededRandom(12);
  return Uint8Array.from({ length: sizeBytes }, () => random.below(4));
}

function models(): Readonly<Record<string, TokenModel>> {
  const list: (readonly [string, TokenModel])[] = [
    ...FLAVOURS.flatMap((flavour) =>
      ZLIB_LEVELS.map((level) =>
        entry(`${flavour} ${level}`, zlibModel(level, { flavour, framing: NO_FRAMING })),
      ),
    ),
    ...GO_CHAIN_LEVELS.map((level) => entry(`go ${level}`, goChainModel(level, NO_FRAMING))),
    ...REVISIONS.flatMap((revision) =>
      KLAUSPOST_CHAIN_LEVELS.map((level) =>
        entry(
          `klauspost ${revision} ${level}`,
          klauspostChainModel(level, { revision, framing: NO_FRAMING }),
        ),
      ),
    ),
    entry("pigz 1", zlibModel(1, { flavour: "zlib", framing: PIGZ })),
    entry("pigz 6", zlibModel(6, { flavour: "zlib", framing: PIGZ })),
    entry("pgzip 7", klauspostChainModel(7, { revision: "v1.18.5", framing: PGZIP })),
    entry("pgzip 9", klauspostChainModel(9, { revision: "v1.18.5", framing: PGZIP })),
  ];
  return Object.fromEntries(list);
}

function entry(name: string, model: TokenModel): readonly [string, TokenModel] {
  return [name, model];
}

function digestOfTokens(name: string, model: TokenModel): string {
  const shape = [{ plain: name.startsWith("p") ? layer : plain, tokens: new Uint32Array() }];
  const random = new SeededRandom(1);
  const [tokens] = rebuild(model, { column: new Uint8Array(), shape, random });
  return hash("sha256", tokens ?? new Uint32Array()).slice(0, 16);
}

describe("the hash-chain models", () => {
  it("have a golden digest each", () => {
    expect(Object.keys(GOLDEN)).toEqual(Object.keys(models()));
  });

  it.each(Object.entries(models()))(
    "choose the tokens that their encoders choose: %s",
    (name, model) => {
      expect(digestOfTokens(name, model)).toBe(GOLDEN[name]);
    },
  );
});
