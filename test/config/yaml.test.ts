import { describe, expect, test } from "vitest";
import { PlainScalar, type Tree } from "../../src/config/tree.ts";
import { parseYaml, resolvePlain, YamlRefused } from "../../src/config/yaml.ts";
import { problemsOf } from "./reading.ts";

/** The value that a scalar without quotes has. */
function plain(text: string): unknown {
  const value = resolvePlain(text);
  return value instanceof PlainScalar ? value.value : value;
}

describe("resolvePlain()", () => {
  test.for([
    ["yes", true],
    ["Yes", true],
    ["ON", true],
    ["y", true],
    ["true", true],
    ["off", false],
    ["No", false],
    ["n", false],
    ["yEs", "yEs"],
    ["~", undefined],
    ["Null", undefined],
    ["", undefined],
    ["12", 12],
    ["-12", -12],
    ["+1_000", 1000],
    ["0", 0],
    ["017", 15],
    ["0o17", 15],
    ["0x1F", 31],
    ["0b101", 5],
    ["089", 89],
    ["1.5", 1.5],
    [".5", 0.5],
    ["1e3", 1000],
    ["-.inf", -Infinity],
    ["22:22", "22:22"],
    ["2001-01-01", "2001-01-01"],
    ["1.2.3", "1.2.3"],
    ["10s", "10s"],
    [".", "."],
    ["-", "-"],
  ] as const)("%s is %s", ([text, value]) => {
    expect(plain(text)).toBe(value);
  });
});

describe("parseYaml()", () => {
  test("knows merge keys, aliases and explicit tags", () => {
    const tree = parseYaml("base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\nalso: *b\ntext: !!str 12");

    expect(toPlain(tree)).toEqual({
      base: { x: 1, y: 2 },
      more: { x: 1, y: 3 },
      also: { x: 1, y: 2 },
      text: "12",
    });
  });

  test("keeps the text of a scalar that reads as something else", () => {
    const tree = parseYaml("a: 0123\nyes: no");
    if (!(tree instanceof Map)) throw new Error("no map");

    expect(tree.get("a")).toEqual(new PlainScalar("0123", 83));
    expect([...tree.keys()]).toEqual(["a", "yes"]);
  });

  test("a quoted scalar is text", () => {
    expect(toPlain(parseYaml("a: 'yes'\nb: \"12\"\nc: |-\n  on"))).toEqual({
      a: "yes",
      b: "12",
      c: "on",
    });
  });

  test("an empty text is nothing", () => {
    expect(parseYaml("")).toBeUndefined();
    expect(parseYaml("# nothing\n")).toBeUndefined();
  });

  test.for([
    ["a: [", "line 1, column"],
    ["a: 1\nb:\n\t- x", "line 3, column"],
    ["a: {b: 1}}", "line 1, column"],
    ["a: 1\na: 2", "line 2, column 1: a key is there twice"],
    ["yes: 1\nyes: 2", "line 2, column 1: a key is there twice"],
    ["1: 1\n'1': 2", 'the key "1" is there twice'],
    ["a: 1\n---\nb: 1", "only one document"],
    ["a: *x", "or for nothing; put text"],
    ["a: !secret x", "line 1, column 4"],
    ["a: !!timestamp 2001-01-01", "neither text nor number"],
    ["[a]: 1", "a key is not text"],
    ["a: 'x", "line 1, column"],
  ] as const)("%j is refused: %s", ([text, words]) => {
    expect(() => parseYaml(text)).toThrow(YamlRefused);
    expect(() => parseYaml(text)).toThrow(words);
  });

  test("aliases cannot make a small text large", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 12; level += 1) {
      const before = `*a${level - 1}`;
      lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => before).join(", ")}]`);
    }
    expect(() => parseYaml(lines.join("\n"))).toThrow("stands for too much");
  });

  test("never shows the text itself in an error", () => {
    for (const text of [
      "secretkey: 'hunter2",
      "{secretkey: hunter2]",
      "a: *hunter2",
      "a: !hunter2 x",
    ]) {
      expect(messageOf(text)).not.toContain("hunter2");
    }
  });
});

test("readConfig() tells every syntax error with its line", async () => {
  const problems = await problemsOf("version: 0.1\nhttp: {addr: ':1', addr: ':2'}\nhttp: 1\n");

  expect(problems.map(({ message }) => message.split(":")[0])).toEqual([
    "line 2, column 20",
    "line 3, column 1",
  ]);
});

test("readConfig() refuses what is no map", async () => {
  expect(await problemsOf("[]")).toEqual([
    { path: "", message: "the file must be a map of settings" },
  ]);
  expect((await problemsOf("")).map(({ path }) => path)).toEqual(["version", "storage", "http"]);
});

function messageOf(text: string): string {
  try {
    parseYaml(text);
    return "no error";
  } catch (error) {
    return String(error);
  }
}

function toPlain(tree: Tree): unknown {
  if (tree instanceof PlainScalar) return tree.value;
  if (tree instanceof Map) {
    return Object.fromEntries([...tree].map(([key, value]) => [key, toPlain(value)]));
  }
  return Array.isArray(tree) ? tree.map(toPlain) : tree;
}
