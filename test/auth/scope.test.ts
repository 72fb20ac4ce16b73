import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatScope, MAX_ACTIONS, MAX_SCOPES, parseScopes } from "../../src/auth/scope.ts";

const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:(?:[._]|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const host = fc.stringMatching(/^[a-zA-Z0-9]{1,6}(?:\.[a-z]{1,4}){0,2}(?::[0-9]{1,5})?$/);
const name = fc.oneof(
  path,
  fc.tuple(host, path).map((parts) => parts.join("/")),
);
const scope = fc.record({
  type: fc.stringMatching(/^[a-z0-9]{1,10}$/),
  class: fc.stringMatching(/^[a-z0-9]{0,6}$/),
  name,
  actions: fc.uniqueArray(fc.oneof(fc.stringMatching(/^[a-z]{1,6}$/), fc.constant("*")), {
    minLength: 1,
    maxLength: 4,
  }),
});
const scopes = fc.uniqueArray(scope, {
  maxLength: 10,
  selector: (one) => `${one.type}(${one.class}):${one.name}`,
});

describe("parseScopes", () => {
  it("reads back whatever formatScope writes, in one value or in many", () => {
    fc.assert(
      fc.property(scopes, (given) => {
        const texts = given.map(formatScope);
        expect(parseScopes(texts)).toEqual(given);
        expect(parseScopes([texts.join(" ")])).toEqual(given);
        expect(parseScopes([` ${texts.join("  ")} `, ""])).toEqual(given);
      }),
    );
  });

  it("gives nothing that is not in the grammar, whatever comes", () => {
    const words = fc.array(fc.oneof(fc.string(), fc.constantFrom(":", ",", "*", " ", "/", "a")));
    fc.assert(
      fc.property(words, (parts) => {
        for (const found of parseScopes([parts.join("")])) {
          expect(formatScope(found)).toMatch(
            /^[a-z0-9]+(?:\([a-z0-9]+\))?:[A-Za-z0-9._:/-]+:(?:[a-z]+|\*)(?:,(?:[a-z]+|\*))*$/,
          );
          expect(parseScopes([formatScope(found)])).toEqual([found]);
        }
      }),
    );
  });

  it("splits at the first and the last colon", () => {
    expect(parseScopes(["repository:host:5000/a/b:pull,push"])).toEqual([
      { type: "repository", class: "", name: "host:5000/a/b", actions: ["pull", "push"] },
    ]);
  });

  it("reads a class and the catalog", () => {
    expect(parseScopes(["repository(plugin):a/b:pull registry:catalog:*"])).toEqual([
      { type: "repository", class: "plugin", name: "a/b", actions: ["pull"] },
      { type: "registry", class: "", name: "catalog", actions: ["*"] },
    ]);
  });

  it("puts what is asked of one resource together", () => {
    expect(parseScopes(["repository:a:pull repository:b:pull", "repository:a:push,pull"])).toEqual([
      { type: "repository", class: "", name: "a", actions: ["pull", "push"] },
      { type: "repository", class: "", name: "b", actions: ["pull"] },
    ]);
  });

  it.each([
    "repository",
    "repository:a",
    "repository::pull",
    "repository:a:",
    "repository:a:PULL",
    "repository:a:pull,",
    "repository:a:pull*",
    "repository:A:pull",
    "repository:a/../b:pull",
    "repository:/a:pull",
    "repository:a/:pull",
    "repository:*:pull",
    "repository():a:pull",
    "repository(a:a:pull",
    "Repository:a:pull",
    ":a:pull",
    "repository:a\n:pull",
    'repository:a":pull',
    `repository:${"a".repeat(600)}:pull`,
  ])("leaves out %j", (text) => {
    expect(parseScopes([text, "repository:good:pull"]).map((found) => found.name)).toEqual([
      "good",
    ]);
  });

  it("looks at so many resources and no more", () => {
    const texts = Array.from({ length: 10_000 }, (_, index) => `repository:r${index}:pull`);
    expect(parseScopes(texts)).toHaveLength(MAX_SCOPES);
    expect(parseScopes([texts.join(" ")])).toHaveLength(MAX_SCOPES);
  });

  it("takes so many actions of one resource and no more, in one scope or in many", () => {
    const actions = Array.from({ length: 100 }, (_, index) => "x".repeat(index + 1));
    const texts = actions.map((action) => `repository:a:${action}`);
    for (const asked of [
      texts,
      [texts.join(" ")],
      [`repository:a:${actions.slice(0, 40).join(",")}`],
    ]) {
      expect(parseScopes(asked)[0]?.actions).toEqual(actions.slice(0, MAX_ACTIONS));
    }
  });

  it("looks at so many scopes and no more, whatever they hold", () => {
    const texts = Array.from({ length: 10_000 }, () => "repository:a:pull");
    expect(parseScopes([...texts.slice(0, 399), "repository:b:pull"])).toHaveLength(2);
    expect(parseScopes([...texts, "repository:b:pull"])).toHaveLength(1);
    expect(parseScopes([`${"nothing ".repeat(10_000)}repository:b:pull`])).toEqual([]);
  });

  it("leaves out a scope that is longer than any that has a meaning", () => {
    const text = `repository:a:${Array.from({ length: 1_000 }, () => "pull").join(",")}`;
    expect(parseScopes([text, "repository:b:pull"]).map(({ name: found }) => found)).toEqual(["b"]);
  });
});
