import type { Framing } from "./framing.ts";
import type { GzipEngine } from "./gzip-engines.ts";

/** Marks of a gzip header (RFC 1952 section 2.3.1): XFL of the best and the fastest level, and OS. */
const XFL_BEST = 2;
const XFL_FASTEST = 4;
const OS_UNIX = 3;
const OS_UNKNOWN = 255;

/**
 * Orders engines by what a header says. Encoders say in it what they like, so it only sets an order. The
 * families take turns: where nothing tells them apart, the first few are of several.
 *
 * @param header of the member
 * @returns the engines, likeliest first.
 */
export function likeliestFirst(
  engines: readonly GzipEngine[],
  header: Uint8Array,
): readonly GzipEngine[] {
  const families = Map.groupBy(
    engines.toSorted((one, other) => levelFit(other, header) - levelFit(one, header)),
    ({ family }) => family,
  );
  const ranked = [...families.values()].flatMap((family) =>
    family.map((engine, turn) => ({ engine, turn: engine.family === "none" ? Infinity : turn })),
  );
  return ranked
    .toSorted(
      (one, other) =>
        levelFit(other.engine, header) - levelFit(one.engine, header) ||
        compare(one.turn, other.turn) ||
        familyFit(other.engine, header) - familyFit(one.engine, header),
    )
    .map(({ engine }) => engine);
}

/** `Infinity` is equal to itself. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

function levelFit({ level }: GzipEngine, header: Uint8Array): number {
  const extra = header[8] ?? 0;
  const fits =
    (extra === XFL_BEST) === (level === "9") && (extra === XFL_FASTEST) === (level === "1");
  return fits ? 1 : 0;
}

function familyFit({ family }: GzipEngine, header: Uint8Array): number {
  const isZlib = family === "zlib" || family === "gnu";
  const fitsSystem = isZlib === (header[9] !== OS_UNKNOWN);
  // It differs from zlib only in its last bytes, by when one of the two has been chosen.
  const isGnu = family === "gnu" && header[9] === OS_UNIX;
  return (fitsSystem ? 2 : 0) + (isGnu ? 1 : 0);
}

/** The first of klauspost's levels that are of one kind. */
const FIRST_CHAIN_LEVEL = "7";

/** Whether the two are so much alike that they may choose the same for long. */
export function isKin(one: GzipEngine, other: GzipEngine): boolean {
  if (stem(one) !== stem(other)) return false;
  if (one.family !== "klauspost" || one.level === other.level) return true;
  return one.level >= FIRST_CHAIN_LEVEL && other.level >= FIRST_CHAIN_LEVEL;
}

function stem({ family }: GzipEngine): GzipEngine["family"] {
  return family === "gnu" ? "zlib" : family;
}

/** Whether a program is known that has this engine and cuts its input so. */
export function isUsual({ family, isNeverFramed }: GzipEngine, framing: Framing): boolean {
  if (framing.kind === "none") return true;
  if (isNeverFramed === true) return false;
  return family === (framing.historyBytes === PGZIP_HISTORY_BYTES ? "klauspost" : "zlib");
}

/** pgzip lets a block know so much of the one before; pigz twice as much, or nothing. */
const PGZIP_HISTORY_BYTES = 16 * 1024;
