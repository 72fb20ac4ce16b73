import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { SKELETON_COLUMNS } from "../../../src/chunks/tar-map/skeleton-columns.ts";
import { SkeletonWriter } from "../../../src/chunks/tar-map/skeleton-writer.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import {
  ARCHIVE_END,
  DIALECTS,
  entry,
  type HandHeader,
  header,
  longName,
  pax,
  systemTar,
} from "./made-archives.ts";
import { columnsOf, type Cuts, partsOf, rebuilt } from "./parts-of.ts";

const WHOLE: Cuts = [1_000_000];

describe.each(DIALECTS)("SkeletonWriter and SkeletonReader on GNU tar's %s", (dialect) => {
  it("give the archive back, and need no header as it stands", async () => {
    const { bytes } = await systemTar(dialect);
    expect(column(roundTrip(bytes), "raw").length).toBe(0);
  });
});

it.each([
  ["gnu", "--incremental"],
  ["gnu", "--sparse"],
  ["pax", "--sparse"],
] as const)("SkeletonWriter and SkeletonReader give tar --format=%s %s back", async (...how) => {
  const [dialect, option] = how;
  roundTrip((await systemTar(dialect, [option])).bytes);
});

it("SkeletonWriter and SkeletonReader give a made-up layer back", () => {
  const columns = roundTrip(plainLayer({ seed: 71, sizeBytes: 2_000_000 }));
  expect(column(columns, "raw").length).toBe(0);
});

const ORDINARY: Readonly<Record<string, Buffer>> = {
  "a name of 100 bytes": entry({ name: "n".repeat(100) }, "x"),
  "a prefix": entry({ prefix: "a/b/c", name: "d/e" }, "x"),
  "a prefix before an empty name": entry({ prefix: "a/b/c", name: "" }, "x"),
  "a prefix that ends with a slash": entry({ prefix: "a/", name: "/b" }, "x"),
  "a name of bytes that are no text": entry({ name: "\u00ff\u0001\u0080/\u00fe" }, "x"),
  "a link with a target of 100 bytes": header({ type: "2", link: "t".repeat(100) }),
  "a hard link that tells a size": header({ type: "1", link: "t", size: 77 }),
  "a type of its own": entry({ type: "V" }, "label"),
  "no type": entry({ type: "\0" }, "x"),
  "numbers that end with a space": entry(
    { sizeField: "00000000005 ", timeField: "14524770400 " },
    "12345",
  ),
  "numbers filled with spaces": entry(
    { sizeField: "          5 ", timeField: "14524770400 " },
    "12345",
  ),
  "twelve digits": entry({ sizeField: "000000000005", timeField: "777777777777" }, "12345"),
  "base 256": entry(
    {
      sizeField: `\u0080${"\0".repeat(10)}\u0005`,
      timeField: `\u0080${"\0".repeat(6)}\u0001\u0002\u0003\u0004\u0005`,
    },
    "12345",
  ),
  "no time": entry({ timeField: "" }, "x"),
  "a sum with spaces": entry({ checksum: (sum) => `${sum.toString(8).padStart(6)}\0 ` }, "x"),
  "a sum of seven digits": entry(
    { checksum: (sum) => `${sum.toString(8).padStart(7, "0")}\0` },
    "x",
  ),
  "long names of GNU": Buffer.concat([
    longName("l".repeat(5000)),
    longName("k".repeat(300), "K"),
    entry({}, "x"),
  ]),
  "records of times": Buffer.concat([
    pax({ mtime: "1700000000.123456789", atime: "0", ctime: "17.", path: "a/b" }),
    entry({ name: "a/b" }, "x"),
  ]),
  "attributes of any bytes": Buffer.concat([
    pax({ "SCHILY.xattr.security.capability": "\u0001\0\0\u0002\n=\u00ff" }),
    entry({}, "x"),
  ]),
  "a record that comes twice": Buffer.concat([
    pax({ path: "a" }),
    pax({ path: "b" }),
    entry({}, "x"),
  ]),
  "global records": Buffer.concat([
    entry({ type: "g" }, "13 comment=a\n".replace("13", "13")),
    entry({}, "x"),
  ]),
};

it.each(Object.entries(ORDINARY))("SkeletonWriter tells %s in columns", (_name, archive) => {
  const columns = roundTrip(Buffer.concat([archive, archive, ARCHIVE_END]));
  expect(column(columns, "raw").length).toBe(0);
});

const ODD: Readonly<Record<string, Buffer>> = {
  "bytes behind a name's NUL": entry({ name: "name\0junk" }, "x"),
  "a negative time": entry({ timeField: "\u00ff".repeat(12) }, "x"),
  "a time too large": entry({ timeField: `\u0080${"\u007f".repeat(11)}` }, "x"),
  "a sum in a form of its own": entry({ checksum: (sum) => ` ${sum.toString(8)}\0` }, "x"),
  "a NUL within a record's time": Buffer.concat([pax({ mtime: "1\0" }), entry({}, "x")]),
  "a NUL within a record's path": Buffer.concat([pax({ path: "a\0b" }), entry({}, "x")]),
  "a negative time in a record": Buffer.concat([pax({ mtime: "-1.5" }), entry({}, "x")]),
  "a time with a zero before it": Buffer.concat([pax({ mtime: "01" }), entry({}, "x")]),
  "a key that is no text": Buffer.concat([pax({ "\u00ff\u00fe": "v" }), entry({}, "x")]),
  "more records than are told": Buffer.concat([
    pax(Object.fromEntries(Array.from({ length: 65 }, (_one, index) => [`k${index}`, ""]))),
    entry({}, "x"),
  ]),
  "padding that is not zeros": Buffer.concat([
    header({ size: 3 }),
    Buffer.alloc(512, "x"),
    entry({}, "x"),
  ]),
  "an extended header's padding that is not zeros": Buffer.concat([
    header({ type: "L", size: 3 }),
    Buffer.alloc(512, "\0\0\0x"),
    entry({}, "x"),
  ]),
  "a long name without an end": Buffer.concat([entry({ type: "L" }, "name"), entry({}, "x")]),
  "a size in a record that is not the header's": Buffer.concat([
    pax({ size: "2" }),
    entry({ size: 600 }, "xx"),
  ]),
  "an archive cut off within padding": entry({}, "x").subarray(0, 600),
  "an archive cut off within an extended header": longName("n".repeat(2000)).subarray(0, 1600),
};

it.each(Object.entries(ODD))("SkeletonWriter keeps %s", (_name, archive) => {
  roundTrip(archive);
  roundTrip(Buffer.concat([archive, archive, ARCHIVE_END]));
});

it("SkeletonWriter and SkeletonReader give back any tar, spoilt and cut anyhow", () => {
  const random = new SeededRandom(4711);
  for (let trial = 0; trial < 400; trial++) {
    const archive = randomArchive(random);
    const flips = random.oneIn(3) ? 0 : random.below(4);
    for (let flip = 0; flip < flips; flip++) flipBit(archive, random);
    const size = random.oneIn(3) ? random.below(archive.length) : archive.length;
    roundTrip(archive.subarray(0, size), [1 + random.below(900), 1 + random.below(90)]);
  }
});

it("SkeletonWriter takes any skeleton and bodies, also those that no splitter would tell", () => {
  const random = new SeededRandom(815);
  for (let trial = 0; trial < 200; trial++) {
    const parts = Array.from({ length: random.below(12) }, () => {
      const bytes = random.oneIn(3)
        ? randomArchive(random)
        : Buffer.alloc(random.below(1500), random.pick(["\0", "x"]));
      const cut = bytes.subarray(0, 1 + random.below(bytes.length));
      const size = random.pick([1, 5, 512, 4096]);
      return random.oneIn(2)
        ? ({ kind: "skeleton", bytes: cut } as const)
        : ({ kind: "body", told: 1, name: "", type: "", bytes: Buffer.alloc(size) } as const);
    }).filter(({ bytes }) => bytes.length > 0);
    const columns = columnsOf(parts, [7, 300]);
    expectSame(columnsOf(parts, WHOLE), columns);
    expect(rebuilt(columns, parts).equals(Buffer.concat(parts.map(({ bytes }) => bytes)))).toBe(
      true,
    );
  }
});

it("SkeletonWriter keeps more shapes and kinds of records than it remembers", () => {
  const entries = Array.from({ length: 3000 }, (_one, index) => {
    const own = [entry({ mode: index % 1500 }, "x"), header({ name: `f${index}` })];
    return Buffer.concat(index % 10 === 0 ? [pax({ [`k${index % 2990}`]: "v" }), ...own] : own);
  });
  expect(column(roundTrip(Buffer.concat([...entries, ARCHIVE_END])), "raw").length).toBe(0);
});

it("SkeletonWriter needs few bytes for a file, and next to none for times that are all new", () => {
  const random = new SeededRandom(9);
  const files = Array.from({ length: 2000 }, (_one, index) => ({
    name: `usr/share/part-${Math.floor(index / 20)}/file-${random.below(1000)}.js`,
    size: random.lowBelow(2000),
  }));
  const packed = [1_700_000_000, 1_712_345_678].map((time) => {
    const entries = files.map(({ name, size }) => entry({ name, time }, Buffer.alloc(size)));
    return compressedBytes(columnsOf(partsOf(Buffer.concat(entries), WHOLE), WHOLE));
  });
  const [before = 0, after = 0] = packed;
  expect(before / files.length).toBeLessThan(7);
  expect(Math.abs(after - before)).toBeLessThan(20);
});

it("SkeletonWriter tells how large its columns are", () => {
  const writer = new SkeletonWriter();
  expect(writer.sizeBytes).toBe(0);
  for (let count = 0; count < 10; count++) writer.skeleton(Buffer.alloc(512, "odd"));
  const sizeBytes = writer.end().reduce((total, { length }) => total + length, 0);
  expect(sizeBytes).toBeGreaterThan(5120);
  expect(writer.sizeBytes).toBe(sizeBytes);
});

function roundTrip(bytes: Uint8Array, cuts: Cuts = [511, 3, 700]): readonly Uint8Array[] {
  const parts = partsOf(bytes, WHOLE);
  const columns = columnsOf(parts, WHOLE);
  expectSame(columnsOf(partsOf(bytes, cuts), cuts), columns);
  expect(rebuilt(columns, parts).equals(bytes)).toBe(true);
  return columns;
}

function expectSame(columns: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  const texts = [columns, expected].map((all) =>
    all.map((one) => Buffer.from(one).toString("hex")),
  );
  expect(texts[0]).toEqual(texts[1]);
}

function column(
  columns: readonly Uint8Array[],
  name: (typeof SKELETON_COLUMNS)[number],
): Uint8Array {
  return columns[SKELETON_COLUMNS.indexOf(name)] ?? new Uint8Array();
}

function compressedBytes(columns: readonly Uint8Array[]): number {
  const params = { [constants.ZSTD_c_compressionLevel]: 19 };
  return zstdCompressSync(Buffer.concat(columns), { params }).length;
}

function flipBit(bytes: Buffer, random: SeededRandom): void {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
}

function randomArchive(random: SeededRandom): Buffer {
  const made = Object.values({ ...ORDINARY, ...ODD });
  const entries = Array.from({ length: random.between(1, 6) }, () =>
    random.oneIn(2)
      ? random.pick(made)
      : entry(randomHeader(random), "b".repeat(random.below(1200))),
  );
  const end = random.pick([ARCHIVE_END, Buffer.alloc(9000), Buffer.alloc(0), Buffer.alloc(512)]);
  return Buffer.concat([...entries, end, Buffer.alloc(random.oneIn(4) ? 700 : 0, "junk")]);
}

function randomHeader(random: SeededRandom): HandHeader {
  const depth = random.below(6);
  const name = Array.from({ length: depth }, () => random.pick(["a", "bb", "lib"])).join("/");
  return {
    name,
    prefix: random.oneIn(5) ? random.pick(["p", "p/q", "/", "p//"]) : "",
    type: random.pick(["0", "0", "0", "5", "7", "S", "x", "L", "K", "g"]),
    time: random.below(3) + random.pick([0, 1_700_000_000]),
    mode: random.pick([0o644, 0o755]),
    magic: random.pick(["ustar\u000000", "ustar  ", ""]),
  };
}
