import { expect, it } from "vitest";
import { SKELETON_COLUMNS } from "../../../src/chunks/tar-map/skeleton-columns.ts";
import { SkeletonError } from "../../../src/chunks/tar-map/skeleton-error.ts";
import { SkeletonReader } from "../../../src/chunks/tar-map/skeleton-reader.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { ARCHIVE_END, entry, header, longName, pax } from "./made-archives.ts";
import { columnsOf as columnsOfParts, partsOf } from "./parts-of.ts";

const MOST_BYTES = 4 * 1024 * 1024;
const MOST_ITEM_BYTES = 1024 * 1024;
const EMPTY = SKELETON_COLUMNS.map(() => new Uint8Array());

it("SkeletonReader reads spoilt columns to their end or throws SkeletonError, in bounded pieces", () => {
  const columns = columnsOf(everything());
  const random = new SeededRandom(33);
  let refused = 0;
  for (let trial = 0; trial < 4000; trial++) {
    if (!isRead(spoilt(columns, random))) refused += 1;
  }
  // Most changes are of names and numbers, which may be anything.
  expect(refused).toBeGreaterThan(1000);
  expect(refused).toBeLessThan(4000);
});

it("SkeletonReader reads columns of nonsense to their end or throws SkeletonError", () => {
  const random = new SeededRandom(34);
  for (let trial = 0; trial < 3000; trial++) {
    isRead(
      SKELETON_COLUMNS.map(() =>
        Buffer.from(Array.from({ length: random.below(40) }, () => random.lowBelow(256))),
      ),
    );
  }
});

it("SkeletonReader reads nothing from empty columns, and refuses more or fewer of them", () => {
  expect([...new SkeletonReader(EMPTY).items()]).toEqual([]);
  expect(() => new SkeletonReader(EMPTY.slice(1))).toThrow(SkeletonError);
  expect(() => new SkeletonReader([...EMPTY, new Uint8Array()])).toThrow(SkeletonError);
});

it.each(SKELETON_COLUMNS)("SkeletonReader refuses a column %s that has too much", (name) => {
  const columns = columnsOf(everything());
  const longer = columns.map((column, index) =>
    SKELETON_COLUMNS[index] === name ? Buffer.concat([column, Buffer.of(1, 0)]) : column,
  );
  expect(() => [...new SkeletonReader(longer).items()]).toThrow(SkeletonError);
});

it("SkeletonReader stops before more plain bytes than there may be", () => {
  const zeros = withColumns({ ops: [3], counts: [255, 255, 255, 255, 255, 255, 255, 15] });
  expect(read(zeros, 10_000_000).error).toMatch(/more bytes/);
  const body = withColumns({ ops: [4], counts: [255, 255, 255, 255, 255, 255, 255, 15] });
  expect(read(body, 10_000_000).error).toMatch(/more bytes/);
  const two = Buffer.concat([entry({}, "two"), ARCHIVE_END]);
  const columns = columnsOf(two);
  expect(read(columns, two.length)).toEqual({ bytes: two.length, error: undefined });
  expect(read(columns, two.length - 1).error).toMatch(/more bytes/);
});

it("SkeletonReader yields zeros in pieces", () => {
  const columns = withColumns({ ops: [3], counts: [255, 255, 255, 1] });
  const [first] = new SkeletonReader(columns).items();
  expect(first?.kind === "bytes" && first.bytes.length <= 65_536).toBe(true);
});

it("SkeletonReader's error has a kind and the cause", () => {
  const ended = withColumns({ ops: [3] });
  const [caught] = [() => [...new SkeletonReader(ended).items()]].map(errorOf);
  expect(caught).toBeInstanceOf(SkeletonError);
  expect(caught).toMatchObject({ kind: "skeleton-error", cause: { kind: "recipe-error" } });
});

it("SkeletonReader refuses paths that leave more folders than there are, or fit into no header", () => {
  const columns = columnsOf(header({ name: "a/b" }));
  const huge = [255, 255, 255, 255, 255, 255, 255, 15];
  expect(read(replaced(columns, { pathCuts: huge }), 512).error).toMatch(/more folders/);
  expect(read(replaced(columns, { pathCuts: [2] }), 512).error).toMatch(/more folders/);
  const name = (length: number): readonly number[] => [...Buffer.alloc(length, "n"), 0];
  expect(read(replaced(columns, { pathRests: name(100) }), 512).bytes).toBe(512);
  expect(read(replaced(columns, { pathRests: name(101) }), 512).error).toMatch(/does not fit/);
  expect(read(replaced(columns, { pathRests: name(5000) }), 512).error).toMatch(/too long/);
});

it("SkeletonReader remembers no more shapes than the format says", () => {
  const modes = Array.from({ length: 1100 }, (_one, mode) => header({ mode }));
  const columns = columnsOf(Buffer.concat(modes));
  const oneMore = (shape: readonly number[]): string | undefined =>
    read(extended(columns, { ops: [1], shapes: shape, pathCuts: [0], timeHits: [1] }), MOST_BYTES)
      .error;
  expect(oneMore([0x80, 0x08])).toBe(undefined);
  expect(oneMore([0x81, 0x08])).toBe("the columns of a skeleton are broken");
});

type Told = Partial<Record<(typeof SKELETON_COLUMNS)[number], readonly number[]>>;

function replaced(columns: readonly Uint8Array[], told: Told): readonly Uint8Array[] {
  return SKELETON_COLUMNS.map((name, index) => Uint8Array.from(told[name] ?? columns[index] ?? []));
}

function extended(columns: readonly Uint8Array[], told: Told): readonly Uint8Array[] {
  return SKELETON_COLUMNS.map((name, index) =>
    Uint8Array.from([...(columns[index] ?? []), ...(told[name] ?? [])]),
  );
}

function columnsOf(archive: Uint8Array): readonly Uint8Array[] {
  return columnsOfParts(partsOf(archive, [512]), [512]);
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

function withColumns(told: Told): readonly Uint8Array[] {
  return replaced(EMPTY, told);
}

/** @returns false for a {@link SkeletonError} other than that there is too much. Lets other errors pass. */
function isRead(columns: readonly Uint8Array[]): boolean {
  return read(columns, MOST_BYTES).error === undefined;
}

function read(
  columns: readonly Uint8Array[],
  mostBytes: number,
): { bytes: number; error: string | undefined } {
  let bytes = 0;
  try {
    for (const item of new SkeletonReader(columns, mostBytes).items()) {
      bytes += item.kind === "bytes" ? item.bytes.length : item.sizeBytes;
      const isLarge = item.kind === "bytes" && item.bytes.length > MOST_ITEM_BYTES;
      if (isLarge || bytes > mostBytes) throw new RangeError("more than there may be");
    }
  } catch (error) {
    if (!(error instanceof SkeletonError)) throw error;
    return { bytes, error: error.message };
  }
  return { bytes, error: undefined };
}

function everything(): Buffer {
  return Buffer.concat([
    header({ type: "5", name: "a/" }),
    entry({ name: "a/b", prefix: "p/q" }, "one"),
    pax({ path: `a/${"c".repeat(200)}`, mtime: "17.25", comment: "x" }),
    entry({ name: `a/${"c".repeat(98)}`, time: 17 }, "two".repeat(300)),
    longName("d/".repeat(100)),
    entry({ name: "d/".repeat(50), magic: "ustar  " }, "three"),
    header({ type: "2", link: "target" }),
    entry({ name: "odd\0name" }, "four"),
    ARCHIVE_END,
  ]);
}

/** A few changes to a few columns. */
function spoilt(columns: readonly Uint8Array[], random: SeededRandom): readonly Uint8Array[] {
  const changed = columns.map((column): Uint8Array => column);
  for (let count = random.between(1, 3); count > 0; count--) {
    const index = random.below(changed.length);
    const column = changed[index] ?? new Uint8Array();
    changed[index] = spoiltColumn(column, random);
  }
  return changed;
}

function spoiltColumn(column: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(column.length + 1);
  const byte = Buffer.of(random.pick([0, 1, 2, 4, 127, 128, 255, random.below(256)]));
  const tail = random.pick([at, at + 1, column.length]);
  return Buffer.concat([column.subarray(0, at), byte, column.subarray(tail)]);
}
