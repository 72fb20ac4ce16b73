import type { ColumnReader } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import type { Framing } from "./framing.ts";
import { NO_FRAMING } from "./framing.ts";
import type { GzipColumnReaders, GzipColumnWriters } from "./gzip-columns.ts";

/** What a record's flags say: which of these the member does not share with the one before. */
const HAS_HEADER = 1;
const HAS_ENGINE = 2;
const HAS_CORRECTIONS = 4;
const HAS_TRAILER = 8;
const ALL_FLAGS = 15;

const TRAILER_BYTES = 8;
const LARGEST_HEADER_BYTES = 1024 * 1024;
/** Bounds what a framing can ask of the models: they begin anew at each block. */
const SMALLEST_FRAMING_BLOCK_BYTES = 16 * 1024;
const LARGEST_FRAMING_BLOCK_BYTES = 256 * 1024 * 1024;
const LARGEST_FRAMING_HISTORY_BYTES = 32 * 1024;
const LARGEST_ENGINE_ID = 65_535;

/** One gzip member as the recipe has it; its blocks are in the columns of the block table. */
export interface GzipMember {
  /** All bytes from the magic number to the first block (RFC 1952 section 2.3). */
  readonly header: Uint8Array;
  /** {@link GzipEngine.id}. */
  readonly engineId: number;
  readonly framing: Framing;
  /** Plain bytes of the member; its final block ends with them. */
  readonly plainBytes: number;
  /** What the engine's predictor noted. */
  readonly corrections: Uint8Array;
  /** The last eight bytes when they are not the CRC-32 and the size of the plain bytes. */
  readonly trailer: Uint8Array | undefined;
}

/** Writes the records of the members, each at the member's end. */
export class GzipMembersWriter {
  readonly #columns: GzipColumnWriters;
  #last: GzipMember | undefined;

  constructor(columns: GzipColumnWriters) {
    this.#columns = columns;
  }

  /** @param member of its arrays, `header` must stay as it is until the next member */
  member(member: GzipMember): void {
    const flags = this.#flagsOf(member);
    const { members, headers, corrections, trailers } = this.#columns;
    members.number(flags);
    members.number(member.plainBytes);
    if ((flags & HAS_HEADER) !== 0) {
      members.number(member.header.length);
      headers.raw(member.header);
    }
    if ((flags & HAS_ENGINE) !== 0) this.#engine(member);
    if ((flags & HAS_CORRECTIONS) !== 0) {
      members.number(member.corrections.length);
      corrections.raw(member.corrections);
    }
    if (member.trailer !== undefined) trailers.raw(member.trailer);
    this.#last = member;
  }

  #flagsOf(member: GzipMember): number {
    const last = this.#last;
    return (
      (last !== undefined && isEqual(last.header, member.header) ? 0 : HAS_HEADER) |
      (last !== undefined && isSameEngine(last, member) ? 0 : HAS_ENGINE) |
      (member.corrections.length === 0 ? 0 : HAS_CORRECTIONS) |
      (member.trailer === undefined ? 0 : HAS_TRAILER)
    );
  }

  #engine({ engineId, framing }: GzipMember): void {
    const { members } = this.#columns;
    members.number(engineId);
    members.number(framing.kind === "blocks" ? framing.blockBytes : 0);
    if (framing.kind === "blocks") members.number(framing.historyBytes);
  }
}

/** Reads what a {@link GzipMembersWriter} wrote. */
export class GzipMembersReader {
  readonly #columns: GzipColumnReaders;
  #header: Uint8Array | undefined;
  #engine: Pick<GzipMember, "engineId" | "framing"> | undefined;

  constructor(columns: GzipColumnReaders) {
    this.#columns = columns;
  }

  /**
   * @returns `undefined` after the last member.
   * @throws {RecipeError} when the columns do not fit together.
   */
  next(): GzipMember | undefined {
    const { members, headers, corrections, trailers } = this.#columns;
    if (members.isAtEnd) return undefined;
    const flags = members.numberUpTo(ALL_FLAGS);
    const plainBytes = members.number();
    if ((flags & HAS_HEADER) !== 0) {
      this.#header = headers.raw(members.numberUpTo(LARGEST_HEADER_BYTES));
    }
    if ((flags & HAS_ENGINE) !== 0) this.#engine = readEngine(members);
    if (this.#header === undefined || this.#engine === undefined) {
      throw new RecipeError("the first member is said to be like the one before");
    }
    return {
      header: this.#header,
      ...this.#engine,
      plainBytes,
      corrections: corrections.raw((flags & HAS_CORRECTIONS) === 0 ? 0 : members.number()),
      trailer: (flags & HAS_TRAILER) === 0 ? undefined : trailers.raw(TRAILER_BYTES),
    };
  }
}

function readEngine(members: ColumnReader): Pick<GzipMember, "engineId" | "framing"> {
  const engineId = members.numberUpTo(LARGEST_ENGINE_ID);
  const blockBytes = members.numberUpTo(LARGEST_FRAMING_BLOCK_BYTES);
  if (blockBytes === 0) return { engineId, framing: NO_FRAMING };
  if (blockBytes < SMALLEST_FRAMING_BLOCK_BYTES) {
    throw new RecipeError("a member has smaller blocks than any encoder makes");
  }
  const historyBytes = members.numberUpTo(LARGEST_FRAMING_HISTORY_BYTES);
  return { engineId, framing: { kind: "blocks", blockBytes, historyBytes } };
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** Whether one engine with one framing made both. */
export function isSameEngine(one: GzipMember, other: GzipMember): boolean {
  return one.engineId === other.engineId && isSameFraming(one.framing, other.framing);
}

function isSameFraming(one: Framing, other: Framing): boolean {
  if (one.kind === "none" || other.kind === "none") return one.kind === other.kind;
  return one.blockBytes === other.blockBytes && one.historyBytes === other.historyBytes;
}
