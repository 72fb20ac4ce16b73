import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  claimValue,
  matchesClaim,
  matchesText,
  pickClaims,
  textsOf,
} from "../../src/auth/rules/claims.ts";

const POD = { "kubernetes.io": { namespace: "shop", serviceaccount: { name: "ci" } }, sub: "x" };

describe("claimValue", () => {
  it("finds a claim by its name", () => {
    expect(claimValue(POD, "sub")).toBe("x");
  });

  it("finds a claim inside another by the way to it", () => {
    expect(claimValue(POD, "kubernetes.io/namespace")).toBe("shop");
    expect(claimValue(POD, "kubernetes.io/serviceaccount/name")).toBe("ci");
  });

  it("prefers the claim that is named so", () => {
    const claims = { "a/b": "named", a: { b: "led to" } };
    expect(claimValue(claims, "a/b")).toBe("named");
  });

  it("finds nothing that is inherited", () => {
    expect(claimValue({}, "constructor")).toBeUndefined();
    expect(claimValue({ a: {} }, "a/constructor/name")).toBeUndefined();
    expect(claimValue({ a: "text" }, "a/length")).toBeUndefined();
    expect(claimValue({ a: ["x"] }, "a/0")).toBeUndefined();
  });
});

describe("pickClaims", () => {
  it("keeps each claim under the name that it is asked by", () => {
    const picked = pickClaims(POD, ["kubernetes.io/namespace", "missing"]);
    expect(picked).toEqual({ "kubernetes.io/namespace": "shop" });
    expect(claimValue(picked, "kubernetes.io/namespace")).toBe("shop");
  });
});

describe("matchesClaim", () => {
  it.each([
    [["main"], "main", true],
    [["dev", "main"], "main", true],
    [["main"], "Main", false],
    [["42"], 42, true],
    [["true"], true, true],
    [["b*"], ["a", "bc"], true],
    [["7"], [5, 7], true],
    [["b"], ["a"], false],
    [["*"], [], false],
    [["*"], undefined, false],
    [["*"], null, false],
    [["*"], { a: 1 }, false],
    [["*"], [{ a: 1 }, ["x"]], false],
    [[], "main", false],
  ])("%j on %j: %s", (patterns, value, expected) => {
    expect(matchesClaim(patterns, value)).toBe(expected);
  });
});

describe("textsOf", () => {
  it("leaves out what is neither text nor number nor truth value", () => {
    expect(textsOf(["a", 1, null, {}, false])).toEqual(["a", "1", "false"]);
    expect(textsOf({ a: 1 })).toEqual([]);
  });
});

describe("matchesText", () => {
  it("says what a regular expression says", () => {
    const text = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 7 });
    const pattern = fc.array(fc.constantFrom("a", "b", "/", "*"), { maxLength: 7 });
    fc.assert(
      fc.property(pattern, text, (pieces, letters) => {
        const body = pieces.map((piece) => (piece === "*" ? ".*" : piece)).join("");
        const expected = new RegExp(`^${body}$`, "s").test(letters.join(""));
        expect(matchesText(pieces.join(""), letters.join(""))).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  it("takes all but the star as it is", () => {
    expect(matchesText("repo:org/x:*", "repo:org/x:ref:refs/heads/main")).toBe(true);
    expect(matchesText("repo.org", "repo-org")).toBe(false);
    expect(matchesText("a?", "ab")).toBe(false);
  });
});
