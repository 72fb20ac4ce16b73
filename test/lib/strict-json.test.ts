import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonRefused, parseStrictJson } from "../../src/lib/strict-json.ts";

const LIMITS = { maxDepth: 10, maxValues: 1000 };
const parse = (text: string, limits = LIMITS): unknown => parseStrictJson(text, limits);
const refusalOf = (text: string, limits = LIMITS): string => {
  try {
    parse(text, limits);
    return "";
  } catch (error) {
    if (error instanceof JsonRefused) return error.message;
    throw error;
  }
};

describe("parseStrictJson()", () => {
  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}',
    '{"a\\/b":1,"a/b":2}',
    '{"":1,"":2}',
    '{"x":[{"a":{},"b":1,"a":{}}]}',
    '{ "a" : 1 ,\n\t"a"\r\n: 2 }',
    '{"__proto__":1,"__proto__":2}',
    '{"a":"b","c":"\\"","a":1}',
  ])("refuses a member that is there twice: %s", (text) => {
    expect(refusalOf(text)).toMatch(/is there twice$/);
  });

  it.each([
    '{"a":{"a":1},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":["a","a"]}',
    '{"a":"\\":","b":"a\\\\"}',
    '{"a":1,"A":2,"a ":3}',
  ])("takes the same word in different places: %s", (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it("does not take a string in a list for a name, whatever follows it", () => {
    expect(refusalOf('["a":1,"a":2]')).toBe("not well-formed JSON");
  });

  it.each(["", "{", "}", "]", "[1,]", '{"a"}', "{'a':1}", '"', '"\\', '{"a\\u00":1}', "NaN", "01"])(
    "refuses what JSON.parse refuses: %j",
    (text) => {
      expect(refusalOf(text)).toBe("not well-formed JSON");
    },
  );

  it("counts depth across lists and objects", () => {
    const nested = (depth: number): string =>
      '[{"a":'.repeat(depth / 2) + "1" + "}]".repeat(depth / 2);
    expect(refusalOf(nested(10))).toBe("");
    expect(refusalOf(nested(12))).toMatch(/^nested more than 10 deep/);
    expect(refusalOf(`${"[".repeat(1_000_000)}`)).toMatch(/^nested more than 10 deep/);
    expect(refusalOf("[],".repeat(100).replace(/^/, "[").replace(/,$/, "]"))).toBe("");
  });

  it("counts values: members, elements, lists and objects", () => {
    const limits = { maxDepth: 10, maxValues: 5 };
    expect(refusalOf("[1,2,3,4,5]", limits)).toBe("");
    expect(refusalOf("[1,2,3,4,5,6]", limits)).toMatch(/^more than 5 values/);
    expect(refusalOf("[{},{},{}]", limits)).toMatch(/^more than 5 values/);
    expect(refusalOf(`[${"{},".repeat(100_000)}{}]`)).toMatch(/^more than 1000 values/);
  });

  it("counts no brackets and commas inside of strings", () => {
    const text = JSON.stringify({ a: "[{,".repeat(2000), b: '\\"[[[[[[[[[[[[' });
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it("keeps a member named __proto__ what it is: a member", () => {
    const value = parse('{"__proto__":{"isAdmin":true}}') as Record<string, unknown>;
    expect(value["isAdmin"]).toBeUndefined();
    expect(Object.keys(value)).toEqual(["__proto__"]);
  });

  it("gives what JSON.parse gives for every document without doubled names", () => {
    const options = { maxDepth: 4, depthSize: "small" as const };
    fc.assert(
      fc.property(fc.jsonValue(options), fc.constantFrom("", " ", "\n\t"), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        expect(parse(text, { maxDepth: 100, maxValues: 1_000_000 })).toEqual(JSON.parse(text));
      }),
    );
  });

  it("finds a doubled name however it is escaped and wherever it stands", () => {
    const escaped = (name: string, mask: number): string =>
      Array.from(name.split(""), (unit, index) =>
        (mask >> (index % 16)) % 2 === 0
          ? JSON.stringify(unit).slice(1, -1)
          : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ).join("");
    const names = fc.uniqueArray(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(names, fc.nat(), fc.nat(), (all, which, mask) => {
        const members = all.map((name) => `${JSON.stringify(name)}:[{}]`);
        const twice = all[which % all.length] ?? "";
        const text = `[{${[...members, `"${escaped(twice, mask)}":1`].join(",")}}]`;
        expect(refusalOf(text)).toMatch(/is there twice$/);
      }),
    );
  });
});
