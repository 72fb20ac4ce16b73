import type { BlockHeader } from "./blocks/block-header.ts";
import type { DeflateHandler } from "./inflate/inflater.ts";
import { LessonCount } from "./lessons.ts";
import { PieceRoom } from "./piece-room.ts";
import { replayPieces } from "./stretch-pieces.ts";
import type { SampleRange, StretchTaker } from "./stretch-pieces.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** How much of a member is kept to find its encoder. */
export interface SampleSizes {
  /** Plain bytes that are always kept, if there are so many. */
  readonly leastBytes: number;
  /** The sample goes on until it teaches so much, see {@link LessonCount}, */
  readonly enoughLessons: number;
  /** or has so many plain bytes. */
  readonly mostBytes: number;
}

/**
 * Beyond 1 MiB, so that the sample shows what follows a block of the commonest framing. A layer may begin
 * with files that are compressed already, of which every encoder makes the same.
 */
export const USUAL_SAMPLE: SampleSizes = {
  leastBytes: (1024 + 192) * KIB,
  enoughLessons: 4000,
  mostBytes: 24 * MIB,
};

const LARGEST_STRETCH_BYTES = 64 * KIB;
const MOST_TOKENS = 4 * MIB;
/** Of the arrays that are kept from member to member. */
const ROOM_SIZE = USUAL_SAMPLE.leastBytes + LARGEST_STRETCH_BYTES;
/** A stream can have any number of tiny blocks. */
const MOST_BLOCKS = 8192;
const MOST_HEADER_NUMBERS = 512 * KIB;
/** How finely it is known where the lessons are. */
const SLOT_BYTES = 64 * KIB;

/** The sample from start to end. */
export const WHOLE_SAMPLE: SampleRange = { from: 0, until: Infinity };

interface Stretch {
  readonly kind: "stretch";
  readonly plain: Uint8Array;
  /** `literals` are the plain bytes. */
  readonly tokens: Uint32Array | "literals" | "stored";
}

type Event =
  | { readonly kind: "start"; readonly header: BlockHeader }
  | Stretch
  | { readonly kind: "end" }
  /** Stored blocks with nothing in them. */
  | { readonly kind: "empties"; readonly header: BlockHeader; count: number };

/** The beginning of a member, kept to be told again to whoever might know its encoder. */
export class TokenSample implements DeflateHandler {
  readonly #sizes: SampleSizes;
  readonly #bytes = new PieceRoom(
    () => new Uint8Array(ROOM_SIZE),
    (bytes, from, to) => bytes.subarray(from, to),
  );
  readonly #tokens = new PieceRoom(
    () => new Uint32Array(ROOM_SIZE),
    (tokens, from, to) => tokens.subarray(from, to),
  );
  readonly #literals = new Uint32Array(LARGEST_STRETCH_BYTES);
  readonly #lessons = new LessonCount();
  /** Lessons in each of the slots. */
  readonly #slots: number[] = [];
  readonly #events: Event[] = [];
  #plainBytes = 0;
  /** Plain bytes before the first place where it is telling. */
  #tellingFrom = Infinity;
  #tokenCount = 0;
  #blocks = 0;
  #headerNumbers = 0;

  constructor(sizes: SampleSizes = USUAL_SAMPLE) {
    this.#sizes = sizes;
  }

  get plainBytes(): number {
    return this.#plainBytes;
  }

  /** Whether its encoder can be told from others by it. */
  get isTelling(): boolean {
    return this.#lessons.count >= this.#sizes.enoughLessons;
  }

  /** Full: the rest is to be told as it comes. */
  get isFull(): boolean {
    const { leastBytes, mostBytes } = this.#sizes;
    // Framings show only after a few blocks that every encoder makes otherwise.
    const enough = Math.max(leastBytes, this.#tellingFrom + leastBytes / 2);
    return (
      this.#plainBytes >= Math.min(enough, mostBytes) ||
      this.#tokenCount >= MOST_TOKENS ||
      this.#blocks >= MOST_BLOCKS ||
      this.#headerNumbers >= MOST_HEADER_NUMBERS
    );
  }

  /** The first place from where on it teaches much, in plain bytes; a little early. */
  get lessonsFrom(): number {
    const most = this.#slots.reduce((one, other) => Math.max(one, other), 0);
    return this.#slots.findIndex((lessons) => 2 * lessons >= most) * SLOT_BYTES;
  }

  /** How much a part of it teaches, or a little more. */
  lessonsIn({ from, until }: SampleRange): number {
    const slots = this.#slots.slice(Math.floor(from / SLOT_BYTES), Math.ceil(until / SLOT_BYTES));
    return slots.reduce((sum, lessons) => sum + lessons, 0);
  }

  clear(): void {
    this.#bytes.clear();
    this.#tokens.clear();
    this.#lessons.clear();
    this.#slots.length = 0;
    this.#events.length = 0;
    this.#plainBytes = 0;
    this.#tellingFrom = Infinity;
    this.#tokenCount = 0;
    this.#blocks = 0;
    this.#headerNumbers = 0;
  }

  blockStart(header: BlockHeader): void {
    this.#blocks++;
    if (header.kind === "dynamic") this.#headerNumbers += header.tree.sequence.length;
    this.#events.push({ kind: "start", header: copyOf(header) });
  }

  stretch(plain: Uint8Array, tokens: Uint32Array | undefined): void {
    const plainCopy = this.#bytes.take(plain.length);
    plainCopy.set(plain);
    this.#events.push({ kind: "stretch", plain: plainCopy, tokens: this.#keep(tokens) });
    this.#plainBytes += plain.length;
    if (this.isTelling) this.#tellingFrom = Math.min(this.#tellingFrom, this.#plainBytes);
  }

  blockEnd(): void {
    const start = this.#events.at(-1);
    if (start?.kind !== "start" || start.header.kind !== "stored" || start.header.isFinal) {
      this.#events.push({ kind: "end" });
      return;
    }
    this.#events.pop();
    this.#addEmpty(start.header);
  }

  /**
   * Tells stretches, in pieces that are small enough to stop soon.
   *
   * @returns whether the taker wanted all of it.
   */
  replayStretches(taker: StretchTaker, { from, until }: SampleRange): boolean {
    let byte = 0;
    for (const event of this.#events) {
      if (byte >= until) break;
      if (event.kind !== "stretch") continue;
      const start = byte;
      byte += event.plain.length;
      if (byte <= from) continue;
      const stretch = { plain: event.plain, tokens: this.#tokensOf(event) };
      const range = { from: from - start, until: until - start };
      if (!replayPieces(taker, stretch, range)) return false;
    }
    return true;
  }

  replay(handler: DeflateHandler): void {
    for (const event of this.#events) {
      if (event.kind === "start") handler.blockStart(event.header);
      else if (event.kind === "end") handler.blockEnd();
      else if (event.kind === "stretch") handler.stretch(event.plain, this.#tokensOf(event));
      else replayEmpties(handler, event);
    }
  }

  /** @returns a copy, unless the plain bytes tell all. */
  #keep(tokens: Uint32Array | undefined): Stretch["tokens"] {
    const before = this.#lessons.count;
    const hasMatches = tokens !== undefined && this.#lessons.take(tokens);
    const slot = Math.floor(this.#plainBytes / SLOT_BYTES);
    while (this.#slots.length <= slot) this.#slots.push(0);
    this.#slots[slot] = (this.#slots[slot] ?? 0) + this.#lessons.count - before;
    if (tokens === undefined) return "stored";
    if (!hasMatches) return "literals";
    const copy = this.#tokens.take(tokens.length);
    copy.set(tokens);
    this.#tokenCount += tokens.length;
    return copy;
  }

  #tokensOf({ plain, tokens }: Stretch): Uint32Array | undefined {
    if (tokens === "stored") return undefined;
    if (tokens !== "literals") return tokens;
    this.#literals.set(plain);
    return this.#literals.subarray(0, plain.length);
  }

  #addEmpty(header: BlockHeader): void {
    const last = this.#events.at(-1);
    if (last?.kind !== "empties" || !isSameStored(last.header, header)) {
      this.#events.push({ kind: "empties", header, count: 1 });
      return;
    }
    last.count++;
    this.#blocks--;
  }
}

function isSameStored(one: BlockHeader, other: BlockHeader): boolean {
  return one.kind === "stored" && other.kind === "stored" && one.padding === other.padding;
}

function replayEmpties(
  handler: DeflateHandler,
  { header, count }: { readonly header: BlockHeader; readonly count: number },
): void {
  for (let index = 0; index < count; index++) {
    handler.blockStart(header);
    handler.blockEnd();
  }
}

function copyOf(header: BlockHeader): BlockHeader {
  if (header.kind !== "dynamic") return header;
  const { tree } = header;
  return {
    ...header,
    tree: {
      ...tree,
      codeLengthLengths: tree.codeLengthLengths.slice(),
      sequence: tree.sequence.slice(),
      lengths: tree.lengths.slice(),
    },
  };
}
