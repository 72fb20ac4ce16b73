/** Patterns of repository names, held against regular expressions. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesRepository, reachesBelow } from "../../src/auth/rules/repository-pattern.ts";
import { isRepositoryName } from "../../src/oci/repository-name.ts";
import { repositoryPatternProblem } from "../../src/oci/repository-pattern.ts";

describe("reachesBelow", () => {
  it.each([
    ["team/**", "team/", true],
    ["team/**", "team/deep/", true],
    ["team/**", "hidden/", false],
    ["team/**", "te/", false],
    ["team/app", "team/", true],
    ["team/app", "team/app/", false],
    ["*/app", "any/", true],
    ["*/app", "any/deep/", false],
    ["**/app", "any/deep/", true],
  ])("%s below %s: %s", (pattern, folder, expected) => {
    expect(reachesBelow(pattern, folder)).toBe(expected);
  });

  it("overlooks nothing that matches", () => {
    const pattern = fc.array(fc.constantFrom("*", "**", "/", "a", "b"), { maxLength: 6 });
    const name = fc.array(fc.constantFrom("/", "a", "b"), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(pattern, name, (pieces, letters) => {
        const text = pieces.join("").replaceAll(/\*{3,}/g, "**");
        const subject = letters.join("");
        fc.pre(matchesRepository(text, subject));
        for (const [place] of [...subject.matchAll(/\/(?!$)/g)].map((slash) => [slash.index])) {
          expect(reachesBelow(text, subject.slice(0, (place ?? 0) + 1))).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("matchesRepository", () => {
  it.each([
    ["team/app", "team/app", true],
    ["team/app", "team/app2", false],
    ["team/*", "team/app", true],
    ["team/*", "team/app/deep", false],
    ["team/*", "team", false],
    ["team/**", "team/app/deep", true],
    ["team/**", "team", false],
    ["team/**", "team2/app", false],
    ["**", "any/thing", true],
    ["*", "any", true],
    ["*", "any/thing", false],
    ["**/app", "a/b/app", true],
    ["**/app", "app", false],
    ["*-dev/**/web", "a-dev/b/c/web", true],
    ["a*b*c", "axxbyyc", true],
    ["a**c", "ac", true],
    ["a.c", "abc", false],
  ])("%s on %s: %s", (pattern, name, expected) => {
    expect(matchesRepository(pattern, name)).toBe(expected);
  });

  it("says what a regular expression says, for any pattern and name", () => {
    const pattern = fc.array(fc.constantFrom("*", "**", "/", "a", "b", "ab"), { maxLength: 8 });
    const name = fc.array(fc.constantFrom("/", "a", "b", "ab"), { maxLength: 8 });
    fc.assert(
      fc.property(pattern, name, (pieces, letters) => {
        const text = pieces.join("").replaceAll(/\*{3,}/g, "**");
        const subject = letters.join("");
        expect(matchesRepository(text, subject)).toBe(asRegularExpression(text).test(subject));
      }),
      { numRuns: 3000 },
    );
  });

  it("ends soon where following one way after the other would not", () => {
    const pattern = "*a**a".repeat(40);
    expect(matchesRepository(`${pattern}c`, "a".repeat(255))).toBe(false);
    expect(matchesRepository(pattern, "a".repeat(255))).toBe(true);
  });
});

describe("repositoryPatternProblem", () => {
  it.each(["**", "*", "team/**", "team/*/app", "a-*", "*.x", "a__*", "a*b", "**/app", "x/**/y"])(
    "accepts %s",
    (pattern) => {
      expect(repositoryPatternProblem(pattern)).toBeUndefined();
    },
  );

  it.each([
    "",
    "/team",
    "team/",
    "Team/*",
    "a//b",
    "a***",
    "-a",
    "*/",
    "a b",
    "a..*",
    "team/**/",
    "a?b",
  ])("refuses %j", (pattern) => {
    expect(repositoryPatternProblem(pattern)).toEqual(expect.any(String));
  });

  it("refuses what is longer than a name", () => {
    expect(repositoryPatternProblem("a".repeat(256))).toMatch(/longer/);
  });

  it("refuses no pattern that matches a name", () => {
    const piece = fc.constantFrom("a", "b", "/", "-", ".", "_", "*", "**");
    const filled = fc.constantFrom("", "a", "-b", "a.", "b_", "_b");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), filled, (pieces, filling) => {
        const pattern = pieces.join("").replaceAll(/\*{3,}/g, "**");
        const name = pattern.replaceAll(/\*+/g, filling);
        fc.pre(isRepositoryName(name));
        expect(matchesRepository(pattern, name)).toBe(true);
        expect(repositoryPatternProblem(pattern)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});

/** Right and slow: one way after the other. */
function asRegularExpression(pattern: string): RegExp {
  const pieces = pattern.match(/\*\*|[^]/g) ?? [];
  const body = pieces.map((piece) => (piece === "**" ? ".*" : piece === "*" ? "[^/]*" : piece));
  return new RegExp(`^${body.join("")}$`, "s");
}
