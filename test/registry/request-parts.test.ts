/** The small parsers of what a request says: each a table of what it takes and what it refuses. */
import { describe, expect, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { etagOf, matchesEtag } from "../../src/registry/conditional.ts";
import { parseChunkStart } from "../../src/registry/content-range.ts";
import { nextLink, parsePageSize } from "../../src/registry/pagination.ts";
import { Query } from "../../src/registry/query.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const OTHER = parseDigest(`sha256:${"b".repeat(64)}`);
const kind = (name: string): unknown => expect.objectContaining({ kind: name }) as unknown;

describe("parseChunkStart()", () => {
  it("knows nothing when the client says nothing", () => {
    expect(parseChunkStart(undefined, 10)).toBeUndefined();
  });

  it.each([
    ["0-9", 10, 0],
    ["10-19", 10, 10],
    ["10-19", undefined, 10],
    ["0-0", 1, 0],
    ["bytes 5-9/10", 5, 5],
    ["bytes 5-9/*", 5, 5],
    ["bytes=5-9", 5, 5],
    [" 5-9 ", 5, 5],
  ])("%j of %s bytes begins at %d", (header, length, start) => {
    expect(parseChunkStart(header, length)).toBe(start);
  });

  it.each([
    "",
    "-",
    "5",
    "5-",
    "-5",
    "a-b",
    "0-9,10-19",
    "0x0-9",
    "1e1-20",
    "+0-9",
    "0-9\n1",
    "5 - 9",
  ])("%j is no range", (header) => {
    expect(() => parseChunkStart(header, undefined)).toThrow(kind("BadRequest"));
  });

  it("refuses positions that lose precision", () => {
    expect(() => parseChunkStart("9007199254740993-9007199254740994", 2)).toThrow(
      kind("BadRequest"),
    );
  });

  it("refuses an end before the beginning as a range that does not fit", () => {
    expect(() => parseChunkStart("9-0", undefined)).toThrow(kind("ChunkRangeInvalid"));
  });

  it.each([9, 11, 0])("refuses 0-9 with a Content-Length of %d", (length) => {
    expect(() => parseChunkStart("0-9", length)).toThrow(kind("LengthMismatch"));
  });
});

describe("matchesEtag()", () => {
  it("has the digest in quotes for an ETag", () => {
    expect(etagOf(DIGEST)).toBe(`"${DIGEST}"`);
  });

  it.each([
    `"${DIGEST}"`,
    DIGEST,
    `W/"${DIGEST}"`,
    "*",
    `"${OTHER}", "${DIGEST}"`,
    `"x",${DIGEST}`,
    `  "${DIGEST}"  `,
  ])("%j matches", (header) => {
    expect(matchesEtag(header, DIGEST)).toBe(true);
  });

  it.each([
    `"${OTHER}"`,
    "",
    '""',
    `"${DIGEST}`,
    `"${DIGEST.slice(7)}"`,
    "**",
    DIGEST.slice(0, -1),
  ])("%j does not match", (header) => {
    expect(matchesEtag(header, DIGEST)).toBe(false);
  });
});

describe("parsePageSize()", () => {
  it.each([
    [undefined, undefined],
    ["0", 0],
    ["1", 1],
    ["007", 7],
    ["100", 100],
    ["101", 100],
    ["9".repeat(18), 100],
  ])("%j of at most 100 is %s", (text, size) => {
    expect(parsePageSize(text, 100)).toBe(size);
  });

  it.each([
    "-1",
    "a",
    "1.5",
    "1e9",
    "0x10",
    " 5",
    "5 ",
    "5;",
    "+5",
    "",
    "1".repeat(19),
    "٣",
    "Infinity",
  ])("%j is no number", (text) => {
    expect(() => parsePageSize(text, 100)).toThrow(kind("BadRequest"));
  });
});

it("nextLink() is a path without a host, its values escaped", () => {
  expect(nextLink("/v2/a/b/tags/list", { last: "1.0+x y&z", n: 2 })).toBe(
    '</v2/a/b/tags/list?last=1.0%2Bx+y%26z&n=2>; rel="next"',
  );
});

describe("Query", () => {
  const query = new Query("a=1&b=&c=x%2By&d=1&d=2&__proto__=p&e[]=1");

  it("gives a parameter its one value, decoded", () => {
    expect(query.one("a", "UNSUPPORTED")).toBe("1");
    expect(query.one("c", "UNSUPPORTED")).toBe("x+y");
    expect(query.one("__proto__", "UNSUPPORTED")).toBe("p");
  });

  it("takes an absent and an empty one for the same", () => {
    expect(query.one("b", "UNSUPPORTED")).toBeUndefined();
    expect(query.one("e", "UNSUPPORTED")).toBeUndefined();
    expect(query.one("toString", "UNSUPPORTED")).toBeUndefined();
  });

  it("refuses one that is there twice, with the caller's code", () => {
    expect(() => query.one("d", "DIGEST_INVALID")).toThrow(
      expect.objectContaining({ kind: "BadRequest", code: "DIGEST_INVALID" }),
    );
  });

  it("lists all values of one that may repeat", () => {
    expect(query.all("d")).toEqual(["1", "2"]);
    expect(query.all("z")).toEqual([]);
  });
});
