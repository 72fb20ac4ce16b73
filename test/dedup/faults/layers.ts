/** Layers that are versions of each other. */
import { gzipSync } from "node:zlib";
import type { SeededRandom } from "../../fixtures/seeded-random.ts";
import { plainBlob } from "../at-rest-store.ts";

/** `noise` begins as a gzip stream does, and is none: it would take more room cold, and keeps its data. */
const KINDS = ["gzip", "best gzip", "plain", "noise"] as const;
type LayerKind = (typeof KINDS)[number];

const GZIP_START = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
const EDITS = 3;
const MOST_EDIT_BYTES = 3000;
const FEWEST_LAYER_BYTES = 300_000;
const MOST_LAYER_BYTES = 1_200_000;

/** A layer as it is pushed. */
export interface VersionedLayer {
  readonly kind: LayerKind;
  readonly bytes: Buffer;
}

/** Makes layers, each a version of one before it: most of their chunks are the same. */
export class LayerVersions {
  readonly #random: SeededRandom;
  readonly #plain: Buffer[];

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#plain = KINDS.map((kind) => {
      const sizeBytes = random.between(FEWEST_LAYER_BYTES, MOST_LAYER_BYTES);
      if (kind !== "noise") return plainBlob(random.word(), sizeBytes);
      return noise(sizeBytes, random);
    });
  }

  /** One of each kind, */
  all(): readonly VersionedLayer[] {
    return KINDS.map((_, family) => this.#version(family));
  }

  /** or one of some kind. */
  next(): VersionedLayer {
    return this.#version(this.#random.below(KINDS.length));
  }

  #version(family: number): VersionedLayer {
    const plain = Buffer.from(this.#plain[family] ?? Buffer.alloc(0));
    const random = this.#random;
    for (let edit = 0; edit < EDITS; edit += 1) {
      const at = random.between(GZIP_START.length, plain.length - MOST_EDIT_BYTES);
      const end = at + random.below(MOST_EDIT_BYTES);
      for (let place = at; place < end; place += 1) plain[place] = random.below(256);
    }
    this.#plain[family] = plain;
    const kind = KINDS[family] ?? "plain";
    return { kind, bytes: asPushed(plain, kind) };
  }
}

function noise(sizeBytes: number, random: SeededRandom): Buffer {
  const bytes = Array.from({ length: sizeBytes }, () => random.below(256));
  return Buffer.concat([GZIP_START, Buffer.from(bytes)]);
}

function asPushed(plain: Buffer, kind: LayerKind): Buffer {
  if (kind === "gzip") return gzipSync(plain);
  return kind === "best gzip" ? gzipSync(plain, { level: 9 }) : plain;
}
