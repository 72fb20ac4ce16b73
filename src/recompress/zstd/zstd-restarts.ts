/**
 * Where a rebuild can begin: the column `restarts`, one record after the other.
 *
 * A record begins with its kind.
 *
 * - 0, the start of a frame: nothing before is in reach, so nothing is needed of it.
 * - 1, within a frame: some blocks before are found again first, for the finder's tables. That this leads to
 *   the state that the finder really had is proved when the recipe is made. The blocks are all of the usual size.
 * - 2, the documents behind the frames of the tar (see `chunked/`): they tell of the whole tar and of the places
 *   of all frames, so a rebuild from there does all the work and leaves out what it makes before. Rebuilds from
 *   the other places have to end there. Comes last. Its place in the plain bytes and in the stream follow.
 *
 * Of the others there follow the first plain byte that is needed, the place in the plain bytes and in the
 * stream, the finder's window, the number of bytes read of each column but `head` and `restarts`, how many
 * blocks have gone by of those before the next record in `blocks` and `choices`; how the tar is walked on from there (see `frame-borders.ts`); and within a frame its start and the tables that the
 * next block may use again (see `carried-records.ts`).
 */
import type { ColumnReader, ColumnWriter } from "../columns.ts";
import { RecipeError } from "../recipe-error.ts";
import type { Recipe } from "../recipe.ts";
import { readCarriedTables, writeCarriedTables } from "./carried-records.ts";
import type { CarriedTables } from "./write/carried-tables.ts";
import type { BordersState } from "./frame-borders.ts";
import { byColumn, readZstdColumns, ZSTD_COLUMNS } from "./zstd-columns.ts";
import type { ColumnPositions } from "./zstd-columns.ts";
import { MOST_WINDOW_BYTES } from "./zstd-head.ts";

const MOST_RESTARTS = 65_536;
const MOST_BORDERS = 2;
const KINDS = ["frame-start", "within-frame", "documents"] as const;
const WITHOUT_POSITION = new Set(["head", "restarts"]);

/** A place in a stream from which on it can be rebuilt alone. */
export interface RestartPoint {
  /** The rebuild has to be given the plain bytes from here on, */
  readonly plainFrom: number;
  /** though the first byte of the stream that it makes stands for this one. */
  readonly plainAt: number;
  /** Where in the stream that is. */
  readonly streamByte: number;
}

/** All that a rebuild needs to begin there. */
export type RestartRecord = TarRestart | DocumentsRestart;

/** The documents begin there. `plainFrom` is 0. */
export interface DocumentsRestart extends RestartPoint {
  readonly kind: "documents";
}

/** A place in the tar. */
export interface TarRestart extends RestartPoint {
  readonly kind: "tar";
  readonly windowBytes: number;
  /** Of `head` and `restarts`, 0. */
  readonly positions: ColumnPositions;
  /** Blocks since the last record of the sparse columns. */
  readonly passed: { readonly blocks: number; readonly choices: number };
  readonly borders: BordersState;
  /** `undefined` at the start of a frame, or between frames. */
  readonly frame: { readonly plainStart: number; readonly carried: CarriedTables } | undefined;
}

/** @returns the places from which the recipe's stream can be rebuilt, in order. @throws {RecipeError} */
export function restartPoints(recipe: Recipe): readonly RestartPoint[] {
  return readRestarts(recipe).map(({ plainFrom, plainAt, streamByte }) => {
    return { plainFrom, plainAt, streamByte };
  });
}

/** Writes one record. */
export function writeRestart(column: ColumnWriter, record: RestartRecord): void {
  if (record.kind === "documents") {
    column.number(KINDS.indexOf("documents"));
    column.number(record.plainAt);
    column.number(record.streamByte);
    return;
  }
  column.number(KINDS.indexOf(record.frame === undefined ? "frame-start" : "within-frame"));
  for (const value of [record.plainFrom, record.plainAt, record.streamByte, record.windowBytes]) {
    column.number(value);
  }
  for (const name of ZSTD_COLUMNS) {
    if (!WITHOUT_POSITION.has(name)) column.number(record.positions[name]);
  }
  column.number(record.passed.blocks);
  column.number(record.passed.choices);
  writeBorders(column, record.borders);
  if (record.frame === undefined) return;
  column.number(record.frame.plainStart);
  writeCarriedTables(column, record.frame.carried);
}

/** A walk stands at the record's `plainAt`, so its position is not written. */
function writeBorders(column: ColumnWriter, state: BordersState): void {
  for (const optional of [state.nextHeader, state.paxBytes]) {
    column.number(optional === undefined ? 0 : optional + 1);
  }
  column.number(state.borders.length);
  for (const border of state.borders) column.number(border);
}

/** @throws {RecipeError} when the records are not in order or not within the stream. */
export function readRestarts(recipe: Recipe): readonly RestartRecord[] {
  const { restarts } = readZstdColumns(recipe);
  const records: RestartRecord[] = [];
  while (!restarts.isAtEnd) {
    if (records.length >= MOST_RESTARTS) throw new RecipeError("the recipe has too many restarts");
    const record = readRestart(restarts);
    checkOrder(record, { before: records.at(-1), recipe });
    records.push(record);
  }
  return records;
}

function readRestart(column: ColumnReader): RestartRecord {
  const kind = KINDS[column.numberUpTo(KINDS.length - 1)];
  return kind === "documents"
    ? { kind, plainFrom: 0, plainAt: column.number(), streamByte: column.number() }
    : readTarRestart(column, kind === "within-frame");
}

function readTarRestart(column: ColumnReader, isWithinFrame: boolean): TarRestart {
  const plainFrom = column.number();
  const plainAt = column.number();
  const streamByte = column.number();
  const windowBytes = column.numberUpTo(MOST_WINDOW_BYTES);
  const positions = byColumn((name) => (WITHOUT_POSITION.has(name) ? 0 : column.number()));
  const passed = { blocks: column.number(), choices: column.number() };
  const borders = { position: plainAt, ...readBorders(column) };
  const frame = isWithinFrame
    ? { plainStart: column.numberUpTo(plainFrom), carried: readCarriedTables(column) }
    : undefined;
  return {
    kind: "tar",
    plainFrom,
    plainAt,
    streamByte,
    windowBytes,
    positions,
    passed,
    borders,
    frame,
  };
}

function readBorders(column: ColumnReader): Omit<BordersState, "position"> {
  const [nextHeader, paxBytes] = Array.from({ length: 2 }, () => {
    const value = column.number();
    return value === 0 ? undefined : value - 1;
  });
  const borders = Array.from({ length: column.numberUpTo(MOST_BORDERS) }, () => column.number());
  return { nextHeader, paxBytes, borders };
}

function checkOrder(
  record: RestartRecord,
  { before, recipe }: { readonly before: RestartRecord | undefined; readonly recipe: Recipe },
): void {
  const earlier = before ?? { kind: "start", plainAt: 0, streamByte: 0 };
  const isInOrder =
    earlier.kind !== "documents" &&
    areRising([earlier.plainAt, record.plainAt, recipe.plainBytes]) &&
    areRising([earlier.streamByte, record.streamByte, recipe.streamBytes]) &&
    (record.kind === "documents" || isWithinItself(record));
  if (!isInOrder) throw new RecipeError("the recipe's restarts are not in order");
}

function isWithinItself({ plainFrom, plainAt, borders }: TarRestart): boolean {
  return (
    areRising([plainFrom, plainAt, borders.nextHeader ?? plainAt]) &&
    areRising([plainAt, ...borders.borders])
  );
}

function areRising(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => number >= (numbers[at - 1] ?? 0));
}

/** @returns the bytes of the stream at which restarts within frames begin. @throws {RecipeError} */
export function restartsWithinFrames(recipe: Recipe): ReadonlySet<number> {
  return new Set(
    readRestarts(recipe).flatMap((place) => {
      return place.kind === "tar" && place.frame !== undefined ? [place.streamByte] : [];
    }),
  );
}
