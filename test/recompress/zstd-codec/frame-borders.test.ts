import { describe, expect, test } from "vitest";
import { FrameBorders } from "../../../src/recompress/zstd/frame-borders.ts";
import { cut } from "./codec.ts";

interface Entry {
  readonly type: string;
  readonly size: number | "binary";
  readonly content?: string;
}

/** 1 MiB and 5 bytes, in eight bytes behind a byte with its highest bit set. */
const BINARY_SIZE = 1_048_581;

function header({ type, size }: Entry): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write("name", 0);
  if (size === "binary") {
    bytes[124] = 0x80;
    bytes.writeBigUInt64BE(BigInt(BINARY_SIZE), 128);
  } else bytes.write(`${size.toString(8).padStart(11, "0")} `, 124);
  bytes.write(type === "NUL" ? "\0" : type, 156);
  bytes.write("ustar", 257);
  return bytes;
}

function tar(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const size = entry.size === "binary" ? BINARY_SIZE : entry.size;
    const content = Buffer.alloc(Math.ceil(size / 512) * 512);
    content.write(entry.content ?? "", 0);
    const hasContent = !"123456".includes(entry.type);
    return hasContent ? [header(entry), content] : [header(entry)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** @returns all borders, asked for as they become known. */
function bordersOf(pieces: readonly Uint8Array[]): number[] {
  const borders = new FrameBorders("files");
  const found: number[] = [];
  for (const piece of pieces) {
    borders.take(piece);
    for (;;) {
      const border = borders.firstFrom((found[found.length - 1] ?? -1) + 1);
      if (border === undefined || border > borders.position) break;
      found.push(border);
    }
  }
  return found;
}

describe("FrameBorders", () => {
  test.each([
    [
      "files, but not empty ones",
      [
        { type: "0", size: 700 },
        { type: "0", size: 0 },
        { type: "7", size: 1 },
      ],
      [512, 1212, 2560, 2561],
    ],
    ["files of the old type", [{ type: "NUL", size: 10 }], [512, 522]],
    [
      "no links, whatever size they claim",
      [
        { type: "1", size: 900 },
        { type: "0", size: 3 },
      ],
      [1024, 1027],
    ],
    [
      "no directories and nothing of long names",
      [
        { type: "5", size: 0 },
        { type: "L", size: 600 },
        { type: "0", size: 3 },
      ],
      [2560, 2563],
    ],
    ["binary sizes", [{ type: "0", size: "binary" }], [512, 512 + BINARY_SIZE]],
  ] as const)("finds the borders of %s", (_, entries, expected) => {
    expect(bordersOf([tar(entries)])).toEqual(expected);
  });

  test("takes a pax header's size for the next file only, over long names", () => {
    const entries = [
      { type: "x", size: 20, content: "11 size=700\n9 a=bc\n" },
      { type: "K", size: 10 },
      { type: "0", size: 0, content: "" },
    ];
    const first = Buffer.concat([tar(entries).subarray(0, -1024), Buffer.alloc(1024)]);
    const second = tar([
      { type: "0", size: 0 },
      { type: "0", size: 5 },
    ]);
    const bodyAt = 1024 + 1024 + 512;
    expect(bordersOf([first, second])).toEqual([
      bodyAt,
      bodyAt + 700,
      first.length + 1024,
      first.length + 1029,
    ]);
  });

  test.each([1, 2, 3, 4])("finds the same however the bytes are cut (%i)", (seed) => {
    const entries = [5, 0, 512, 513, 100_000].map((size) => ({ type: "0", size }));
    const pax = { type: "x", size: 20, content: "11 size=300\n9 a=bc\n" };
    const bytes = tar([...entries, pax, { type: "0", size: 300 }]);
    expect(bordersOf(cut(bytes, seed, 5 ** seed))).toEqual(bordersOf([bytes]));
  });

  test("finds none in what is no tar, however long", () => {
    const borders = new FrameBorders("files");
    borders.take(Buffer.alloc(100_000, "x"));
    expect(borders.firstFrom(0)).toBe(undefined);
    expect(borders.state).toEqual({
      position: 100_000,
      nextHeader: undefined,
      paxBytes: undefined,
      borders: [],
    });
  });

  test("ends where a size is beyond all numbers", () => {
    const bytes = header({ type: "0", size: "binary" });
    bytes.fill(255, 124, 136);
    const borders = new FrameBorders("files");
    borders.take(bytes);
    expect(borders.firstFrom(0)).toBe(undefined);
  });

  test("goes on from a state as it would have", () => {
    const entries = [5, 600, 100_000, 7].map((size) => ({ type: "0", size }));
    const bytes = tar(entries);
    for (const at of [512, 1024, 2000, 3072, 60_000]) {
      const whole = new FrameBorders("files");
      whole.take(bytes.subarray(0, at));
      const { state } = whole;
      if (state === undefined) throw new Error(`no state at ${at}`);
      const resumed = new FrameBorders("files", state);
      for (const borders of [whole, resumed]) borders.take(bytes.subarray(at));
      for (let from = at; from < bytes.length; from += 500) {
        expect(resumed.firstFrom(from)).toBe(whole.firstFrom(from));
      }
    }
  });

  test("has no state in the midst of a header, or of a pax header's content", () => {
    const bytes = tar([{ type: "x", size: 20, content: "11 size=700\n" }]);
    for (const at of [1, 511, 512, 531]) {
      const borders = new FrameBorders("files");
      borders.take(bytes.subarray(0, at));
      expect(borders.state).toBe(undefined);
    }
  });
});
