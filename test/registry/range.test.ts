import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseRange,
  formatContentRange,
  type Range,
  type RangeChoice,
} from "../../src/registry/range.ts";
import { titled } from "../fixtures/titled.ts";

const SIZE_BYTES = 1000;
const WHOLE = { kind: "whole" };
const UNSATISFIABLE = { kind: "unsatisfiable" };
const parts = (...ranges: readonly (readonly [number, number])[]): RangeChoice => ({
  kind: "parts",
  ranges: ranges.map(([startBytes, lengthBytes]) => ({ startBytes, lengthBytes })),
});

const SERVED: readonly (readonly [string, RangeChoice])[] = [
  ["bytes=0-0", parts([0, 1])],
  ["bytes=0-999", parts([0, 1000])],
  ["bytes=10-19", parts([10, 10])],
  ["bytes=10-", parts([10, 990])],
  ["bytes=999-", parts([999, 1])],
  ["bytes=-1", parts([999, 1])],
  ["bytes=-5000", parts([0, 1000])],
  ["bytes=990-5000", parts([990, 10])],
  ["bytes=0-999999999999999999", parts([0, 1000])],
  ["BYTES=0-0", parts([0, 1])],
  ["bytes= 0-0 , 2-2 ", parts([0, 1], [2, 1])],
  ["bytes=0-0,,2-2,", parts([0, 1], [2, 1])],
  ["bytes=0-9,5000-6000", parts([0, 10])],
  ["bytes=20-29,0-9", parts([20, 10], [0, 10])],
];

const IGNORED = [
  "",
  "bytes",
  "items=0-1",
  "bytes 0-1",
  "0-1",
  "bytes:0-1",
  " bytes=0-1",
  // Together more than the whole.
  "bytes=0-999,0-999",
  "bytes=0-600,400-999",
  `bytes=${Array.from({ length: 101 }, () => "0-0").join(",")}`,
];

const REFUSED = [
  "bytes=1000-",
  "bytes=1000-1001",
  "bytes=-0",
  "bytes=5-2",
  "bytes=-",
  "bytes=a-b",
  "bytes=0",
  "bytes=0-1-2",
  "bytes=--1",
  "bytes=0x1-2",
  "bytes=1.0-2",
  "bytes=+1-2",
  "bytes=0-0,x",
  "bytes=0-1;2-3",
  "bytes=1e1-20",
  "bytes=0-9999999999999999999",
  "bytes=,",
  "bytes=",
  "bytes=5000-,6000-",
];

describe("chooseRange()", () => {
  it("gives the whole when nothing is asked", () => {
    expect(chooseRange(undefined, SIZE_BYTES)).toEqual(WHOLE);
  });

  it.each(SERVED)("%s of 1000 bytes", (header, choice) => {
    expect(chooseRange(header, SIZE_BYTES)).toEqual(choice);
  });

  it.each(titled(IGNORED))("%s gives the whole", (_title, header) => {
    expect(chooseRange(header, SIZE_BYTES)).toEqual(WHOLE);
  });

  it.each(REFUSED)("%s cannot be satisfied", (header) => {
    expect(chooseRange(header, SIZE_BYTES)).toEqual(UNSATISFIABLE);
  });

  it("gives the whole of an empty blob, unless the header breaks the grammar", () => {
    for (const header of ["bytes=0-", "bytes=0-99", "bytes=-5"]) {
      expect(chooseRange(header, 0)).toEqual(WHOLE);
    }
    expect(chooseRange("bytes=5-2", 0)).toEqual(UNSATISFIABLE);
  });
});

const spec = fc.oneof(
  fc.tuple(fc.nat(40), fc.nat(20)).map(([first, more]) => `${first}-${first + more}`),
  fc.nat(40).map((first) => `${first}-`),
  fc.nat(40).map((length) => `-${length}`),
);

/** The positions that one element asks for, found by trying each. */
function positions(text: string, size: number): readonly number[] {
  const [first = "", last = ""] = text.split("-");
  return Array.from({ length: size }, (_, index) => index).filter((at) =>
    first === ""
      ? at >= size - Number(last)
      : at >= Number(first) && (last === "" || at <= Number(last)),
  );
}

const covered = ({ startBytes, lengthBytes }: Range): readonly number[] =>
  Array.from({ length: lengthBytes }, (_, index) => startBytes + index);

describe("chooseRange(), against a model that tries every position", () => {
  it("serves exactly the bytes that are asked for", () => {
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 5 }), fc.nat(30), (specs, size) => {
        const wanted = specs.map((text) => positions(text, size)).filter((all) => all.length > 0);
        const choice = chooseRange(`bytes=${specs.join(",")}`, size);
        const sum = wanted.flat().length;
        if (wanted.length === 0) {
          expect(choice).toEqual(size === 0 ? WHOLE : UNSATISFIABLE);
        } else if (wanted.length > 1 && sum > size) {
          expect(choice).toEqual(WHOLE);
        } else {
          const ranges = choice.kind === "parts" ? choice.ranges : [];
          expect(ranges.map((range) => covered(range))).toEqual(wanted);
        }
      }),
    );
  });

  it("never throws and never leaves the blob, whatever the header", () => {
    const header = fc.string({ unit: fc.constantFrom(..."bytes=-,0123456789 x".split("")) });
    fc.assert(
      fc.property(header, fc.nat(50), (text, size) => {
        const choice = chooseRange(`bytes=${text}`, size);
        if (choice.kind !== "parts") return;
        for (const { startBytes, lengthBytes } of choice.ranges) {
          expect(lengthBytes).toBeGreaterThan(0);
          expect(startBytes + lengthBytes).toBeLessThanOrEqual(size);
        }
      }),
    );
  });
});

it("formatContentRange() counts the last byte in", () => {
  expect(formatContentRange({ startBytes: 10, lengthBytes: 5 }, 100)).toBe("bytes 10-14/100");
});
