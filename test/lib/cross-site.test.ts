import { expect, it } from "vitest";
import { isCrossSite } from "../../src/lib/cross-site.ts";

const OWN = "https://registry.example.com";

it.each([
  ["no browser", undefined, undefined, false],
  ["the own origin", OWN, undefined, false],
  ["the own origin, TLS ended by a proxy", "http://registry.example.com", undefined, false],
  ["the own origin with its port", `${OWN}:443`, undefined, false],
  ["another port", `${OWN}:8443`, undefined, true],
  ["another host", "https://evil.example", undefined, true],
  ["a longer host", `${OWN}.evil.example`, undefined, true],
  ["a sandboxed page", "null", undefined, true],
  ["no origin at all", "", undefined, true],
  ["two origins", `${OWN}, ${OWN}`, undefined, true],
  ["a file", "file://registry.example.com", undefined, true],
  ["a page of its own", "https://evil.example", "same-origin", false],
  ["somebody who typed the address", undefined, "none", false],
  ["a neighbour", OWN, "same-site", true],
  ["another site", undefined, "cross-site", true],
  ["a word of the future", OWN, "other", true],
  ["an empty word", OWN, "", true],
] as const)("isCrossSite() of %s", (...[, origin, secFetchSite, expected]) => {
  expect(isCrossSite({ origin, secFetchSite }, OWN)).toBe(expected);
});

it("isCrossSite() compares ports that are written down", () => {
  const own = "http://127.0.0.1:5000";
  expect(isCrossSite({ origin: own, secFetchSite: undefined }, own)).toBe(false);
  const other = "http://127.0.0.1:8080";
  expect(isCrossSite({ origin: other, secFetchSite: undefined }, own)).toBe(true);
});

it("isCrossSite() believes nobody where it is not known what this server is called", () => {
  expect(isCrossSite({ origin: "null", secFetchSite: undefined }, "")).toBe(true);
  expect(isCrossSite({ origin: OWN, secFetchSite: undefined }, "")).toBe(true);
});
