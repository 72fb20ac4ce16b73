/**
 * A small encoder of zstd around the product's own finders, so that tests have streams of any shape. It
 * takes turns among all ways to say literals and tables.
 */
import {
  literalLengthCode,
  matchLengthCode,
  offsetCode,
} from "../../../src/recompress/zstd/codes.ts";
import { usualCountBytes, usualSizeFormat } from "../../../src/recompress/zstd/block-records.ts";
import type {
  DecodedBlock,
  LiteralsSection,
  SequencesSection,
} from "../../../src/recompress/zstd/decoded-block.ts";
import { FinderRun } from "../../../src/recompress/zstd/finder-run.ts";
import { predictFrameHeader } from "../../../src/recompress/zstd/frame-header.ts";
import { LiteralStatistics } from "../../../src/recompress/zstd/tables/literal-statistics.ts";
import {
  SequenceStatistics,
  type TableKind,
} from "../../../src/recompress/zstd/tables/sequence-statistics.ts";
import { BlockWriter } from "../../../src/recompress/zstd/write/block-writer.ts";
import { Xxh64 } from "../../../src/recompress/zstd/xxh64.ts";
import type { ZstdEngine } from "../../../src/recompress/zstd/zstd-engines.ts";

/** What the encoder is to write. */
export interface StreamPlan {
  readonly engine: ZstdEngine;
  /** Where frames end. The last one ends with the bytes by itself. */
  readonly frameEnds?: readonly number[];
  readonly windowBytes?: number;
  readonly jobBytes?: number;
  /** Plain bytes of the first block, the engine's by default. */
  readonly firstBlockBytes?: number;
  /** Not wanted as a rule. */
  readonly withoutChecksum?: boolean;
}

const NONE = [undefined, undefined, undefined] as const;

/** @returns a zstd stream of the bytes. */
export function encodeLike(plain: Uint8Array, plan: StreamPlan): Buffer {
  const encoder = new Encoder(plan);
  let from = 0;
  for (const to of [...(plan.frameEnds ?? []), plain.length]) {
    encoder.frame(plain.subarray(from, to));
    from = to;
  }
  return Buffer.concat(encoder.pieces);
}

class Encoder {
  readonly pieces: Uint8Array[] = [];
  readonly #plan: StreamPlan;
  readonly #run: FinderRun;
  readonly #writer = new BlockWriter();
  readonly #literalStatistics = new LiteralStatistics();
  readonly #sequenceStatistics = new SequenceStatistics();
  #turn = 0;
  #treeBytes: ReadonlySet<number> | undefined;
  #tableCodes: (ReadonlySet<number> | undefined)[] = [...NONE];

  constructor(plan: StreamPlan) {
    this.#plan = plan;
    const { engine, windowBytes = engine.windowBytes, jobBytes } = plan;
    this.#run = new FinderRun(engine, { windowBytes, jobBytes });
  }

  frame(plain: Uint8Array): void {
    const { engine, firstBlockBytes, withoutChecksum = false } = this.#plan;
    const frameStart = this.#run.position;
    const isOnlyBlock = plain.length < engine.blockBytes;
    this.#header(isOnlyBlock ? plain.length : undefined, withoutChecksum);
    this.#writer.startFrame();
    this.#treeBytes = undefined;
    this.#tableCodes = [...NONE];
    for (let from = 0, isLast = false; !isLast;) {
      const most = from === 0 && frameStart === 0 ? firstBlockBytes : undefined;
      const to = Math.min(plain.length, from + (most ?? engine.blockBytes));
      isLast = isOnlyBlock || to - from < (most ?? engine.blockBytes);
      this.#block(plain.subarray(from, to), { frameStart, isOnlyBlock, isLast });
      from = to;
    }
    const hash = new Xxh64();
    hash.update(plain);
    if (!withoutChecksum) this.pieces.push(hash.lowBytes());
  }

  #header(onlyBlockBytes: number | undefined, withoutChecksum: boolean): void {
    const windowBytes = this.#run.windowBytes;
    const header = predictFrameHeader({ onlyBlockBytes, windowBytes });
    if (withoutChecksum) header[4] = (header[4] ?? 0) & ~4;
    this.pieces.push(header);
  }

  #block(
    plain: Uint8Array,
    at: { readonly frameStart: number; readonly isOnlyBlock: boolean; readonly isLast: boolean },
  ): void {
    this.#run.makeRoom();
    this.#run.append(plain);
    this.#run.find({ sizeBytes: plain.length, ...at }, { kind: "free" });
    const block = { isLast: at.isLast, start: 0, end: plain.length };
    const told = this.#told(plain);
    this.pieces.push(this.#writer.write({ ...block, ...told }, plain).slice());
    this.#run.advance(plain.length);
    this.#turn++;
  }

  #told(plain: Uint8Array): Pick<DecodedBlock, "type" | "literals" | "sequences"> {
    const nothing = { literals: undefined, sequences: undefined };
    if (plain.length > 0 && plain.every((byte) => byte === plain[0]))
      return { type: "rle", ...nothing };
    const { sequences, count } = this.#run.finder;
    const bytes = count === 0 ? plain : gather(plain, sequences, count);
    if (plain.length - bytes.length < 16) return { type: "raw", ...nothing };
    const literals = this.#literals(bytes);
    return { type: "compressed", literals, sequences: this.#sequences(sequences, count) };
  }

  #literals(bytes: Uint8Array): LiteralsSection {
    const told = { bytes, size: bytes.length, compressedSize: 0 };
    const set = new Set(bytes);
    if (set.size === 1)
      return {
        ...told,
        type: "rle",
        sizeFormat: usualSizeFormat("rle", bytes.length),
        tree: undefined,
      };
    this.#literalStatistics.take(bytes, bytes.length);
    const tree = bytes.length < 32 ? undefined : this.#literalStatistics.tree;
    const isNearLimit = sizeFormatOf(bytes.length) !== sizeFormatOf(bytes.length * 1.1 + 150);
    if (tree === undefined || isNearLimit || this.#turn % 7 === 6) {
      return {
        ...told,
        type: "raw",
        sizeFormat: usualSizeFormat("raw", bytes.length),
        tree: undefined,
      };
    }
    const sizeFormat = sizeFormatOf(bytes.length);
    if (this.#turn % 3 === 1 && this.#treeBytes?.isSupersetOf(set) === true) {
      return { ...told, type: "treeless", sizeFormat, tree: undefined };
    }
    this.#treeBytes = set;
    return { ...told, type: "compressed", sizeFormat, tree };
  }

  #sequences(sequences: Int32Array, count: number): SequencesSection {
    const told = { count, countBytes: usualCountBytes(count), sequences };
    if (count === 0) return { ...told, modes: 0, tables: NONE };
    this.#sequenceStatistics.take(sequences, count);
    const codes = [literalLengthCode, offsetCode, matchLengthCode];
    const choices = ([0, 1, 2] as const).map((kind) => {
      const values = sequences.subarray(0, 3 * count).filter((_, at) => at % 3 === [0, 2, 1][kind]);
      return this.#choice(new Set(Array.from(values, codes[kind] ?? Number)), kind);
    });
    const [first, second, third] = choices.map(({ table }) => table);
    const modes = choices.reduce((byte, { mode }, kind) => byte | (mode << (6 - 2 * kind)), 0);
    return { ...told, modes, tables: [first, second, third] };
  }

  #choice(
    codes: ReadonlySet<number>,
    kind: TableKind,
  ): { readonly mode: number; readonly table?: Uint8Array } {
    const before = this.#tableCodes[kind];
    if (this.#turn % 2 === 1 && before?.isSupersetOf(codes) === true) return { mode: 3 };
    const isPlain = codes.size === 1 || this.#turn % 5 === 4;
    const table = isPlain ? undefined : this.#sequenceStatistics.description(kind);
    this.#tableCodes[kind] = codes;
    if (codes.size === 1) return { mode: 1 };
    return table === undefined ? { mode: 0 } : { mode: 2, table };
  }
}

function sizeFormatOf(size: number): number {
  return usualSizeFormat("compressed", size);
}

function gather(plain: Uint8Array, sequences: Int32Array, count: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < 3 * count; at += 3) {
    const length = sequences[at] ?? 0;
    parts.push(plain.subarray(from, from + length));
    from += length + (sequences[at + 1] ?? 0);
  }
  return Buffer.concat([...parts, plain.subarray(from)]);
}
