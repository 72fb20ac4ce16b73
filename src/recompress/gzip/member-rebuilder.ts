import { crc32 } from "node:zlib";
import { ColumnReader } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import type { BitWriter } from "./bit-writer.ts";
import type { BlockRebuilder } from "./blocks/block-rebuilder.ts";
import type { BlockContext } from "./blocks/block-rebuilder.ts";
import type { BlockTableReader } from "./blocks/block-table-reader.ts";
import type { PlainQueue } from "./blocks/plain-queue.ts";
import type { GzipMember } from "./gzip-members.ts";
import type { GzipRestart } from "./gzip-restarts.ts";
import type { TokenModel, TokenProducer } from "./token-model.ts";

/** Plain bytes go to the model in pieces, so that few wait for their tokens. */
const LARGEST_PIECE_BYTES = 64 * 1024;

/** What the members of a stream share while it is rebuilt. */
export interface RebuildTools {
  readonly writer: BitWriter;
  readonly queue: PlainQueue;
  readonly table: BlockTableReader;
  readonly blocks: BlockRebuilder;
}

/** What is to be rebuilt of a member. */
export interface MemberPlan {
  readonly member: GzipMember;
  readonly model: TokenModel;
  /** Begins there: at the member's header unless it names tokens. The blocks before have been read. */
  readonly from: GzipRestart;
  /** Stops before this block, counted from 0. */
  readonly untilBlock: number | undefined;
}

/** Writes one gzip member (RFC 1952 section 2.3): header, blocks, trailer. */
export class MemberRebuilder {
  readonly #tools: RebuildTools;
  readonly #plan: MemberPlan;
  readonly #producer: TokenProducer;
  readonly #context: BlockContext;
  /** Plain bytes before the place where the rebuild begins that are still to come. */
  #historyLeft: number;
  /** Plain bytes of the member that are still to come. */
  #plainLeft: number;
  #crc: number;
  /** Blocks begun. */
  #block: number;
  #isInBlock = false;
  #isInFinalBlock = false;

  /** @throws {RecipeError} when the recipe makes no sense. */
  constructor(tools: RebuildTools, plan: MemberPlan) {
    const { member, model, from } = plan;
    this.#tools = tools;
    this.#plan = plan;
    const base = from.memberByte;
    if (base > member.plainBytes) throw new RecipeError("a restart lies beyond its member");
    this.#plainLeft = member.plainBytes - base;
    this.#historyLeft = from.tokens?.historyBytes ?? 0;
    this.#crc = from.crc;
    this.#block = from.block;
    this.#producer = model.producer(new ColumnReader(member.corrections), from.tokens);
    this.#context = {
      producer: this.#producer,
      sizeUnit: model.sizeUnit,
      blockRule: model.blockRule,
      framing: member.framing,
      base,
      endByte: this.#plainLeft,
    };
    if (this.#historyLeft > base) throw new RecipeError("a restart's history is too long");
    tools.queue.clear(base - this.#historyLeft);
    if (from.tokens === undefined) tools.writer.putBytes(member.header);
    if (this.#plainLeft === 0 && this.#historyLeft === 0) this.#producer.end();
  }

  /** Whether it was to stop before its end. */
  get hasUntil(): boolean {
    return this.#plan.untilBlock !== undefined;
  }

  /** @returns how many of the bytes it took; none when it has to `run` first, or has all. */
  take(plain: Uint8Array): number {
    const most = Math.min(plain.length, this.#producer.free, LARGEST_PIECE_BYTES);
    const size = Math.min(most, this.#historyLeft > 0 ? this.#historyLeft : this.#plainLeft);
    const piece = plain.subarray(0, size);
    if (size > 0) this.#producer.take(piece);
    this.#tools.queue.append(piece);
    if (this.#historyLeft > 0) {
      this.#historyLeft -= size;
      this.#tools.queue.shift(size);
    } else {
      this.#crc = crc32(piece, this.#crc);
      this.#plainLeft -= size;
    }
    if (size > 0 && this.#plainLeft === 0 && this.#historyLeft === 0) this.#producer.end();
    return size;
  }

  /**
   * Writes what it can.
   *
   * @returns whether the member is complete, or written up to where it should stop.
   * @throws {RecipeError} when the recipe does not fit the plain bytes.
   */
  run(): boolean {
    if (this.#historyLeft > 0) {
      this.#producer.pass(0);
      return false;
    }
    for (;;) {
      if (!this.#isInBlock && !this.#nextBlock()) return true;
      if (!this.#tools.blocks.advance()) return this.#needsMore();
      this.#isInBlock = false;
    }
  }

  /** @returns `false` when none is to be written. */
  #nextBlock(): boolean {
    if (this.#isInFinalBlock) {
      this.#finish();
      return false;
    }
    if (this.#block === this.#plan.untilBlock) return false;
    const plan = this.#tools.table.next();
    this.#isInFinalBlock = plan.isFinal;
    this.#tools.blocks.start(plan, this.#context);
    this.#isInBlock = true;
    this.#block++;
    return true;
  }

  #needsMore(): false {
    if (this.#plainLeft > 0) return false;
    throw new RecipeError("the recipe does not fit the plain bytes");
  }

  #finish(): void {
    const { writer } = this.#tools;
    const { member } = this.#plan;
    if (this.#producer.position !== this.#context.endByte) {
      throw new RecipeError("a member ends before its plain bytes do");
    }
    writer.align();
    writer.putBytes(member.trailer ?? trailer(this.#crc, member.plainBytes));
  }
}

/** RFC 1952 section 2.3.1: CRC-32, then the size modulo 2^32. */
function trailer(crc: number, plainBytes: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, crc, true);
  view.setUint32(4, plainBytes % 2 ** 32, true);
  return bytes;
}
