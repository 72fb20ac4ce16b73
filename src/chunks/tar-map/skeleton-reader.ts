import { RecipeError } from "../../recompress/recipe-error.ts";
import { BLOCK_BYTES, carriesBody, isExtended } from "../../tar/tar-header.ts";
import { ExtendedReader } from "./extended-columns.ts";
import { HeaderReader, type ReadingState } from "./header-columns.ts";
import { PathGuesses } from "./path-guesses.ts";
import { TimeReader } from "./recent-times.ts";
import { ColumnSetReader, SKELETON_OPS } from "./skeleton-columns.ts";
import { SkeletonError } from "./skeleton-error.ts";

const ZEROS = 64 * 1024;

/** A piece of the plain bytes: bytes of the skeleton, or the place of a body. */
export type SkeletonItem =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "body"; readonly sizeBytes: number };

/** Gives back what a `SkeletonWriter` was told. The columns come from disks and peers, so nothing is believed. */
export class SkeletonReader {
  readonly #columns: ColumnSetReader;
  readonly #headers: HeaderReader;
  readonly #extended: ExtendedReader;
  readonly #mostBytes: number;
  #at = 0;

  /**
   * @param columns in the order of {@link SKELETON_COLUMNS}; must not change meanwhile.
   * @param mostBytes how many plain bytes there may be, bodies included. A few bytes of columns can tell of very
   * many zeros: without this, the caller counts.
   * @throws {SkeletonError} when the number of columns is wrong
   */
  constructor(columns: readonly Uint8Array[], mostBytes: number = Number.MAX_SAFE_INTEGER) {
    this.#columns = new ColumnSetReader(columns);
    this.#mostBytes = mostBytes;
    const state: ReadingState = {
      columns: this.#columns,
      guesses: new PathGuesses(),
      times: new TimeReader(this.#columns),
    };
    this.#headers = new HeaderReader(state);
    this.#extended = new ExtendedReader(state);
  }

  /**
   * To be called once. Bytes of one item are at most 1 MiB, or a view of a column; a body has at least one byte.
   *
   * @throws {SkeletonError} for columns that cannot be
   */
  *items(): Generator<SkeletonItem, void, undefined> {
    try {
      const ops = this.#columns.numbers("ops");
      while (!ops.isAtEnd) yield* this.#counted(this.#op(ops.number()));
      this.#columns.checkAllRead();
    } catch (error) {
      if (!(error instanceof RecipeError)) throw error;
      throw new SkeletonError("the columns of a skeleton are broken", { cause: error });
    }
  }

  *#counted(items: Iterable<SkeletonItem>): Generator<SkeletonItem, void, undefined> {
    for (const item of items) {
      this.#at += item.kind === "bytes" ? item.bytes.length : item.sizeBytes;
      if (this.#at > this.#mostBytes) {
        throw new SkeletonError("a skeleton tells of more bytes than there may be");
      }
      yield item;
    }
  }

  #op(op: number): Iterable<SkeletonItem> {
    switch (op) {
      case SKELETON_OPS.foretold:
        return this.#foretold();
      case SKELETON_OPS.header:
        return [bytesItem(this.#headers.rest(this.#headers.shape()).block)];
      case SKELETON_OPS.raw:
        return [bytesItem(this.#columns.numbers("raw").raw(this.#count()))];
      case SKELETON_OPS.zeros:
        return zeros(this.#count());
      case SKELETON_OPS.body:
        return [bodyItem(this.#count())];
      default:
        throw new SkeletonError(`a skeleton has no op ${op}`);
    }
  }

  #count(): number {
    const count = this.#columns.numbers("counts").number();
    if (count === 0) throw new SkeletonError("a skeleton tells of nothing");
    return count;
  }

  *#foretold(): Generator<SkeletonItem, void, undefined> {
    const shape = this.#headers.shape();
    if (shape.hasSize && isExtended(shape.type)) {
      const { facts, bytes } = this.#extended.read(shape.type);
      yield bytesItem(this.#headers.rest(shape, facts).block);
      yield bytesItem(bytes);
      yield* this.#padding();
      return;
    }
    const { sizeBytes, block } = this.#headers.rest(shape);
    yield bytesItem(block);
    if (sizeBytes === 0 || !carriesBody(shape.type)) return;
    yield bodyItem(sizeBytes);
    yield* this.#padding();
  }

  /** Read when all before has been counted. */
  #padding(): Iterable<SkeletonItem> {
    return zeros((BLOCK_BYTES - (this.#at % BLOCK_BYTES)) % BLOCK_BYTES);
  }
}

function bytesItem(bytes: Uint8Array): SkeletonItem {
  return { kind: "bytes", bytes };
}

function bodyItem(sizeBytes: number): SkeletonItem {
  return { kind: "body", sizeBytes };
}

function* zeros(count: number): Generator<SkeletonItem, void, undefined> {
  for (let left = count; left > 0; left -= ZEROS) {
    yield bytesItem(new Uint8Array(Math.min(left, ZEROS)));
  }
}
