import { RecipeError } from "../recipe-error.ts";
import type { Recipe } from "../recipe.ts";
import { BitWriter } from "./bit-writer.ts";
import { BlockRebuilder } from "./blocks/block-rebuilder.ts";
import { BlockTableReader } from "./blocks/block-table-reader.ts";
import { PlainQueue } from "./blocks/plain-queue.ts";
import { GZIP_COLUMNS, readGzipColumns } from "./gzip-columns.ts";
import type { GzipColumnReaders } from "./gzip-columns.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import { STREAM_START } from "./gzip-restarts.ts";
import type { GzipRestart } from "./gzip-restarts.ts";
import { MemberRebuilder } from "./member-rebuilder.ts";
import type { RebuildTools } from "./member-rebuilder.ts";
import { MemberQueue } from "./member-queue.ts";

const NOTHING = new Uint8Array(0);

/** What to rebuild, and where it goes. */
export interface GzipRebuild {
  /** Not trusted. Whoever knows the stream's size should compare `streamBytes` with it beforehand. */
  readonly recipe: Recipe;
  readonly engines: readonly GzipEngine[];
  /** Is given the stream's bytes, some 64 KiB at a time, to keep. */
  readonly onBytes: (bytes: Uint8Array) => void;
  /**
   * Begins there, one of the recipe's restarts. The plain bytes then begin `tokens.historyBytes` before
   * `plainByte`; the first byte that comes out is the stream's byte `streamByte`, with its lowest
   * `streamBit` bits 0: they are the last ones of the piece before.
   */
  readonly from?: GzipRestart | undefined;
  /**
   * Stops there, one of the recipe's restarts. The last byte is `streamByte` with only its lowest
   * `streamBit` bits, and left out when that is 0. To choose the last tokens some plain bytes from behind
   * the place are needed: `write` says when it has enough.
   */
  readonly until?: GzipRestart | undefined;
}

/**
 * Writes a gzip stream again, bit for bit, from its recipe and its plain bytes.
 *
 * The memory it takes does not depend on the stream. What comes out is right only if the recipe and the
 * plain bytes are: compare the digest of the whole.
 */
export class GzipRebuilder {
  readonly #options: GzipRebuild;
  readonly #columns: GzipColumnReaders;
  readonly #members: MemberQueue;
  readonly #tools: RebuildTools;
  #member: MemberRebuilder | undefined;
  #isDone = false;

  /** @throws {RecipeError} when the recipe is not for a gzip stream, or `from` is not in it. */
  constructor(options: GzipRebuild) {
    const { recipe, from = STREAM_START } = options;
    this.#options = options;
    this.#columns = readGzipColumns(recipe);
    const writer = new BitWriter(options.onBytes, {
      startBit: from.streamBit,
      mostBytes: recipe.streamBytes - from.streamByte,
    });
    const queue = new PlainQueue();
    const table = new BlockTableReader(this.#columns);
    this.#tools = { writer, queue, table, blocks: new BlockRebuilder(writer, queue) };
    this.#members = new MemberQueue(this.#columns, table, options.engines);
    if (from !== STREAM_START) this.#begin(from);
  }

  /**
   * Takes the next plain bytes, which are not kept.
   *
   * @returns `false` when it needs no more: everything up to `until` has been written.
   * @throws {RecipeError} when the recipe does not fit the plain bytes.
   */
  write(plain: Uint8Array): boolean {
    let at = 0;
    let isIdle = false;
    while (at < plain.length) {
      const member = this.#currentMember();
      if (member === undefined) return this.#refuseMore();
      const taken = member.take(plain.subarray(at));
      at += taken;
      if (taken === 0 && isIdle) throw new RecipeError("the recipe does not fit the plain bytes");
      isIdle = taken === 0;
      this.#run(member);
    }
    return !this.#isDone;
  }

  /**
   * No plain bytes follow: writes the rest.
   *
   * @throws {RecipeError} when what came out is not what the recipe says.
   */
  end(): void {
    for (;;) {
      const member = this.#currentMember();
      if (member === undefined) break;
      if (!this.#run(member)) {
        throw new RecipeError("there are fewer plain bytes than the recipe says");
      }
    }
    const { writer } = this.#tools;
    const { recipe, until } = this.#options;
    if (until === undefined)
      writer.putBytes(recipe.columns[GZIP_COLUMNS.indexOf("tail")] ?? NOTHING);
    this.#checkEnd();
    writer.flush();
  }

  /** @returns `undefined` after the last one, and when the place to stop at is reached. */
  #currentMember(): MemberRebuilder | undefined {
    if (this.#isDone || this.#member !== undefined) return this.#member;
    const { until } = this.#options;
    const isLast = until?.member === this.#members.begun;
    if (isLast && until.tokens === undefined) {
      this.#isDone = true;
      return undefined;
    }
    const next = this.#members.next();
    if (next === undefined) return undefined;
    const untilBlock = isLast ? until.block : undefined;
    this.#member = new MemberRebuilder(this.#tools, {
      ...next,
      from: STREAM_START,
      untilBlock,
    });
    return this.#member;
  }

  #begin(from: GzipRestart): void {
    const { until } = this.#options;
    this.#members.skip(from.member);
    if (from.tokens === undefined) return;
    const next = this.#members.next();
    if (next === undefined) throw new RecipeError("the recipe has no such restart");
    this.#members.skipBlocks(from.block);
    const untilBlock = until?.member === from.member && until.tokens ? until.block : undefined;
    this.#member = new MemberRebuilder(this.#tools, { ...next, from, untilBlock });
  }

  #run(member: MemberRebuilder): boolean {
    if (!member.run()) return false;
    this.#member = undefined;
    this.#isDone = member.hasUntil;
    return true;
  }

  #refuseMore(): false {
    if (this.#isDone) return false;
    throw new RecipeError("there are more plain bytes than the recipe says");
  }

  #checkEnd(): void {
    const { writer } = this.#tools;
    const { recipe, from = STREAM_START, until } = this.#options;
    const end = until ?? { streamByte: recipe.streamBytes, streamBit: 0 };
    if (writer.bytes !== end.streamByte - from.streamByte || writer.bit !== end.streamBit) {
      throw new RecipeError("the recipe makes a stream of another size than it says");
    }
    if (until !== undefined) return;
    const { members, blocks, sizes, trees, headers, corrections, trailers } = this.#columns;
    const read = [members, blocks, sizes, trees, headers, corrections, trailers];
    if (this.#members.plainBytes !== recipe.plainBytes || read.some((one) => !one.isAtEnd)) {
      throw new RecipeError("the recipe says more than its stream has");
    }
  }
}
