import { RecipeError } from "../recipe-error.ts";
import type { BlockTableReader } from "./blocks/block-table-reader.ts";
import type { GzipColumnReaders } from "./gzip-columns.ts";
import type { GzipEngine } from "./gzip-engines.ts";
import { GzipMembersReader, isSameEngine } from "./gzip-members.ts";
import type { GzipMember } from "./gzip-members.ts";
import type { TokenModel } from "./token-model.ts";

/** A member with the model of its encoder. */
export interface ModelledMember {
  readonly member: GzipMember;
  readonly model: TokenModel;
}

/** The members of a recipe in their order, each with its model; the table of blocks goes along. */
export class MemberQueue {
  readonly #members: GzipMembersReader;
  readonly #table: BlockTableReader;
  readonly #engines: ReadonlyMap<number, GzipEngine>;
  #last: ModelledMember | undefined;
  #begun = 0;
  #plainBytes = 0;

  constructor(columns: GzipColumnReaders, table: BlockTableReader, engines: readonly GzipEngine[]) {
    this.#members = new GzipMembersReader(columns);
    this.#table = table;
    this.#engines = new Map(engines.map((engine) => [engine.id, engine]));
  }

  /** Members that were taken or skipped. */
  get begun(): number {
    return this.#begun;
  }

  /** Plain bytes of those members. */
  get plainBytes(): number {
    return this.#plainBytes;
  }

  /**
   * @returns `undefined` after the last one.
   * @throws {RecipeError} when there is no such engine here.
   */
  next(): ModelledMember | undefined {
    const member = this.#read();
    if (member === undefined) return undefined;
    this.#last = { member, model: this.#modelOf(member) };
    return this.#last;
  }

  /** @throws {RecipeError} when there are fewer members. */
  skip(members: number): void {
    for (let index = 0; index < members; index++) {
      if (this.#read() === undefined) throw new RecipeError("the recipe has no such member");
      while (!this.#table.next().isFinal);
    }
  }

  /** Passes over blocks of the member that `next` gave. @throws {RecipeError} when it has fewer. */
  skipBlocks(blocks: number): void {
    for (let index = 0; index < blocks; index++) {
      if (this.#table.next().isFinal) throw new RecipeError("the member has no such block");
    }
  }

  #read(): GzipMember | undefined {
    const member = this.#members.next();
    if (member === undefined) return undefined;
    this.#table.memberStart();
    this.#begun++;
    this.#plainBytes += member.plainBytes;
    return member;
  }

  #modelOf(member: GzipMember): TokenModel {
    const last = this.#last;
    if (last !== undefined && isSameEngine(last.member, member)) return last.model;
    const engine = this.#engines.get(member.engineId);
    if (engine === undefined) {
      throw new RecipeError(`the recipe needs engine ${member.engineId}, which is unknown here`);
    }
    return engine.model(member.framing);
  }
}
