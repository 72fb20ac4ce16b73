import { isExtended } from "../../tar/tar-header.ts";
import {
  type HeaderShape,
  type HeaderValues,
  MOST_LINK_BYTES,
  MOST_PATH_BYTES,
  MOST_SHAPE_TEXT_BYTES,
  renderHeader,
  SHAPE_TEXTS,
  shapeOf,
} from "./header-shape.ts";
import { type PathGuesses, readPath, writePath } from "./path-guesses.ts";
import { SkeletonError } from "./skeleton-error.ts";
import type { ColumnSetReader, ColumnSetWriter } from "./skeleton-columns.ts";
import type { TimeReader, TimeWriter } from "./recent-times.ts";

/** Shapes that come later are told whole each time. Part of the format. */
const MOST_SHAPES = 1024;
const MOST_SIZE_HIGH = 2 ** 44;

/** What the writers of headers and of extended headers' bodies share. */
export interface WritingState {
  readonly columns: ColumnSetWriter;
  readonly guesses: PathGuesses;
  readonly times: TimeWriter;
}

/** What the readers share. */
export interface ReadingState {
  readonly columns: ColumnSetReader;
  readonly guesses: PathGuesses;
  readonly times: TimeReader;
}

/** What the body of an extended header says of its header and of the next entry. */
export interface ExtendedFacts {
  /** The body's size, which the header then need not tell. */
  readonly sizeBytes: number;
  readonly path: string | undefined;
}

/** Writes headers as columns. */
export class HeaderWriter {
  readonly #state: WritingState;
  readonly #shapes = new Map<string, number>();

  constructor(state: WritingState) {
    this.#state = state;
  }

  /** @param extended what was written just before of an extended header's body */
  write(header: HeaderValues, extended?: ExtendedFacts): void {
    const { columns, times } = this.#state;
    const { shape } = header;
    this.#writeShape(shape);
    this.#writePath(header, extended);
    if (shape.hasPrefix) columns.column("nameDepths").number(header.nameDepth);
    if (shape.hasLink) columns.column("links").text(header.link);
    if (shape.hasSize && extended === undefined) this.#writeSize(header.sizeBytes);
    times.write(header.timeSeconds);
  }

  #writeShape(shape: HeaderShape): void {
    const { columns } = this.#state;
    const key = shape.texts.join("\0");
    const known = this.#shapes.get(key);
    columns.column("shapes").number(known ?? 0);
    if (known !== undefined) return;
    for (const text of shape.texts) columns.column("newShapes").text(text);
    if (this.#shapes.size < MOST_SHAPES) this.#shapes.set(key, this.#shapes.size + 1);
  }

  #writePath({ shape, path }: HeaderValues, extended: ExtendedFacts | undefined): void {
    const { columns, guesses } = this.#state;
    writePath(columns, path, guessFor(guesses, shape, extended));
    learn({ guesses, shape, path, extended });
  }

  /** The low byte of a size says nothing, the others do: apart they compress better. */
  #writeSize(sizeBytes: number): void {
    const { columns } = this.#state;
    columns.column("sizeLows").raw(Uint8Array.of(sizeBytes % 256));
    columns.column("sizeHighs").number(Math.floor(sizeBytes / 256));
  }
}

/** Reads what a {@link HeaderWriter} wrote. */
export class HeaderReader {
  readonly #state: ReadingState;
  readonly #shapes: HeaderShape[] = [];

  constructor(state: ReadingState) {
    this.#state = state;
  }

  /** The shape comes first: it says whether an extended header's body is to be read before `rest`. */
  shape(): HeaderShape {
    const { columns } = this.#state;
    const index = columns.numbers("shapes").numberUpTo(this.#shapes.length);
    const known = this.#shapes[index - 1];
    if (known !== undefined) return known;
    const texts: string[] = [];
    while (texts.length < SHAPE_TEXTS) {
      texts.push(columns.texts("newShapes").text(MOST_SHAPE_TEXT_BYTES));
    }
    const shape = shapeOf(texts);
    if (this.#shapes.length < MOST_SHAPES) this.#shapes.push(shape);
    return shape;
  }

  /** @returns the size that the header tells, and the header as a block. */
  rest(shape: HeaderShape, extended?: ExtendedFacts): { sizeBytes: number; block: Uint8Array } {
    const { columns, times } = this.#state;
    const path = this.#readPath(shape, extended);
    const nameDepth = shape.hasPrefix
      ? columns.numbers("nameDepths").numberUpTo(MOST_PATH_BYTES)
      : 0;
    const link = shape.hasLink ? columns.texts("links").text(MOST_LINK_BYTES) : "";
    const sizeBytes = extended?.sizeBytes ?? (shape.hasSize ? this.#readSize() : 0);
    const timeSeconds = times.read();
    const block = renderHeader({ shape, path, nameDepth, link, sizeBytes, timeSeconds });
    return { sizeBytes, block };
  }

  #readPath(shape: HeaderShape, extended: ExtendedFacts | undefined): string {
    const { columns, guesses } = this.#state;
    const path = readPath(columns, guessFor(guesses, shape, extended), MOST_PATH_BYTES);
    learn({ guesses, shape, path, extended });
    return path;
  }

  #readSize(): number {
    const { columns } = this.#state;
    const [low = 0] = columns.numbers("sizeLows").raw(1);
    const sizeBytes = columns.numbers("sizeHighs").numberUpTo(MOST_SIZE_HIGH) * 256 + low;
    if (sizeBytes === 0) throw new SkeletonError("a skeleton tells a size where none can be");
    return sizeBytes;
  }
}

function guessFor(
  guesses: PathGuesses,
  shape: HeaderShape,
  extended: ExtendedFacts | undefined,
): string {
  const guess = isExtended(shape.type) ? guesses.forExtended(extended?.path) : guesses.forEntry();
  // What came before may be longer than a header can hold.
  return guess.slice(0, MOST_PATH_BYTES);
}

interface Learnt {
  readonly guesses: PathGuesses;
  readonly shape: HeaderShape;
  readonly path: string;
  readonly extended: ExtendedFacts | undefined;
}

function learn({ guesses, shape, path, extended }: Learnt): void {
  if (isExtended(shape.type)) guesses.afterExtended(path, extended?.path);
  else guesses.afterEntry(path);
}
