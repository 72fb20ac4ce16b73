import { describe, expect, it } from "vitest";
import {
  ARCHIVE_END,
  DIALECTS,
  entry,
  header,
  longName,
  MIDDLE_NAME,
  pax,
  signed,
  systemTar,
} from "./made-archives.ts";
import { bodiesOf, type Cuts, joined, type Part, partsOf, printed } from "./parts-of.ts";

const CUTS: readonly Cuts[] = [[1], [511, 3, 700], [512], [100_000]];

describe.each(DIALECTS)("PlainSplitter on GNU tar's %s", (dialect) => {
  it("tells each file's bytes, and the rest as skeleton", async () => {
    const { bytes, files } = await systemTar(dialect);
    const parts = split(bytes);
    const found = new Map(bodiesOf(parts).map((body) => [body.name, body.bytes.toString()]));
    for (const [name, text] of files) expect(found.get(`./${name}`) ?? "").toBe(text);
    expect(bodiesOf(parts).every(({ told, bytes: body }) => told === body.length)).toBe(true);
  });
});

it.each(["gnu", "pax"] as const)(
  "PlainSplitter on GNU tar's %s goes on behind a sparse file",
  async (dialect) => {
    const { bytes } = await systemTar(dialect, ["--sparse"]);
    const names = bodiesOf(split(bytes)).map(({ name }) => name);
    expect(names.filter((name) => name === "")).toEqual([]);
    expect(names).toContain(`./${MIDDLE_NAME}`);
  },
);

it("PlainSplitter takes what is no tar for one body of unknown size", () => {
  for (const size of [1, 300, 512, 513, 5000]) {
    const bytes = Buffer.alloc(size, "no tar ");
    expect(split(bytes)).toEqual([noTar(bytes)]);
  }
});

it("PlainSplitter tells nothing of nothing, and takes zeros for skeleton", () => {
  expect(split(Buffer.alloc(0))).toEqual([]);
  for (const size of [1, 512, 1024, 5000]) {
    expect(split(Buffer.alloc(size))).toEqual([skeleton(Buffer.alloc(size))]);
  }
});

it("PlainSplitter has no bodies for empty files, links and directories", () => {
  const bytes = Buffer.concat([
    header({}),
    header({ type: "1", link: "name", size: 700 }),
    header({ type: "5", size: 12 }),
    ARCHIVE_END,
  ]);
  expect(split(bytes)).toEqual([skeleton(bytes)]);
});

it("PlainSplitter tells names of any length, from GNU's and from pax's extended headers", () => {
  for (const size of [100, 101, 255, 5000]) {
    const name = "n".repeat(size);
    const short = name.slice(0, 100);
    const gnu = Buffer.concat([longName(name), entry({ name: short }, "gnu")]);
    const posix = Buffer.concat([pax({ path: name }), entry({ name: short, type: "7" }, "pax")]);
    const bodies = bodiesOf(split(Buffer.concat([gnu, posix, ARCHIVE_END])));
    expect(bodies).toEqual([
      { kind: "body", told: 3, name, type: "0", bytes: Buffer.from("gnu") },
      { kind: "body", told: 3, name, type: "7", bytes: Buffer.from("pax") },
    ]);
  }
});

it("PlainSplitter believes sizes in base 256 and in pax records", () => {
  const sizeField = `\u0080${"\0".repeat(9)}\u0002\u0001`;
  const bytes = Buffer.concat([
    entry({ sizeField }, Buffer.alloc(513, "a")),
    pax({ size: "3" }),
    entry({ size: 0 }, "abc"),
    ARCHIVE_END,
  ]);
  expect(bodiesOf(split(bytes)).map(({ told }) => told)).toEqual([513, 3]);
});

it("PlainSplitter goes on where old GNU's sparse map does, however many blocks it has", () => {
  const sparse = header({ type: "S", magic: "ustar  ", size: 5, name: "sparse" });
  sparse[482] = 1;
  const more = Buffer.alloc(512, "1");
  const last = Buffer.alloc(512, "1");
  last[504] = 0;
  const body = Buffer.alloc(512);
  body.write("holes");
  const bytes = Buffer.concat([signed(sparse), more, more, last, body, entry({}, "next")]);
  expect(bodiesOf(split(bytes)).map((one) => one.bytes.toString())).toEqual(["holes", "next"]);
});

it("PlainSplitter takes everything from a broken header on for one body", () => {
  const good = entry({ name: "good" }, "good");
  const wrongSum = entry({ checksum: () => "000001\0 " }, "bad");
  const brokenRecord = entry({ type: "x" }, `${" ".repeat(600)}9 size=1x`);
  for (const bad of [wrongSum, header({ type: "x", size: 2 ** 31 }), Buffer.from("short")]) {
    expect(split(Buffer.concat([good, bad])).at(-1)).toEqual(noTar(bad));
  }
  // The records are judged when their last block has come: all before it is skeleton.
  expect(split(Buffer.concat([good, brokenRecord])).at(-1)).toEqual(
    noTar(brokenRecord.subarray(1024)),
  );
});

it("PlainSplitter ends a body where the stream ends, whatever its size should be", () => {
  const archive = Buffer.concat([header({ size: 2 ** 32 }), Buffer.from("all there is")]);
  expect(bodiesOf(split(archive))).toEqual([
    { kind: "body", told: 2 ** 32, name: "name", type: "0", bytes: Buffer.from("all there is") },
  ]);
  expect(split(archive.subarray(0, 512))).toEqual([skeleton(archive.subarray(0, 512))]);
});

it("PlainSplitter takes zeros behind the end for skeleton, anything else from its block on for a body", () => {
  const archive = Buffer.concat([entry({}, "one"), ARCHIVE_END, Buffer.alloc(512)]);
  expect(split(archive).at(-1)?.bytes.length).toBe(3 + 509 + 1536 - 3);
  const rest = Buffer.alloc(1500);
  rest[40] = 1;
  expect(split(Buffer.concat([archive, rest])).at(-1)).toEqual(noTar(rest));
  expect(split(Buffer.concat([archive, entry({}, "two")])).at(-1)).toEqual(noTar(entry({}, "two")));
});

it("PlainSplitter does not look into a tar within a tar", () => {
  const inner = Buffer.concat([entry({ name: "inner" }, "deep"), ARCHIVE_END]);
  const bodies = bodiesOf(split(Buffer.concat([entry({ name: "a.tar" }, inner), ARCHIVE_END])));
  expect(bodies).toEqual([
    { kind: "body", told: inner.length, name: "a.tar", type: "0", bytes: inner },
  ]);
});

it("PlainSplitter splits what is left of a tar that was cut off anywhere", () => {
  const archive = Buffer.concat([
    pax({ path: "p".repeat(600) }),
    entry({}, "text".repeat(200)),
    longName("l".repeat(700)),
    entry({}, "x"),
    ARCHIVE_END,
  ]);
  for (let size = 0; size < archive.length; size += 37) {
    const bytes = archive.subarray(0, size);
    expect(joined(partsOf(bytes, [512])).equals(bytes)).toBe(true);
    expect(printed(partsOf(bytes, [61, 600]))).toEqual(printed(partsOf(bytes, [512])));
  }
});

/** Checks that the parts are the bytes, and the same for all cuts. */
function split(bytes: Buffer): readonly Part[] {
  const whole = partsOf(bytes, [Math.max(bytes.length, 1)]);
  expect(joined(whole).equals(bytes)).toBe(true);
  for (const cuts of CUTS) expect(printed(partsOf(bytes, cuts))).toEqual(printed(whole));
  return whole;
}

function skeleton(bytes: Buffer): Part {
  return { kind: "skeleton", bytes };
}

function noTar(bytes: Buffer): Part {
  return { kind: "body", told: undefined, name: "", type: "", bytes };
}
