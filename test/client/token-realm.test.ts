import { describe, expect, it } from "vitest";
import { RealmRefused } from "../../src/client/errors.ts";
import { belongsTogether, parseRealm } from "../../src/client/token-realm.ts";

const REGISTRY = new URL("https://registry.example.com:5000/");
const PLAIN = new URL("http://registry.example.com:5000/");

function realm(text: string | undefined, registry = REGISTRY, trustedHosts: string[] = []): string {
  return parseRealm(text, { registry, trustedHosts }).href;
}

it.each([
  ["https://registry.example.com:5000/auth/token", REGISTRY],
  ["https://registry.example.com:5001/auth", REGISTRY],
  ["https://auth.example.com/token", REGISTRY],
  ["https://example.com/token", REGISTRY],
  ["http://registry.example.com:5000/auth/token", PLAIN],
  ["https://registry.example.com/auth/token", PLAIN],
])("parseRealm() takes %s from %s", (text, registry) => {
  expect(realm(text, registry)).toBe(text);
});

it("parseRealm() resolves a relative realm against the registry", () => {
  expect(realm("/auth/token")).toBe("https://registry.example.com:5000/auth/token");
});

it.each([
  undefined,
  "https://",
  "http://registry.example.com:5000/auth/token",
  "https://evil.test/token",
  "https://registry.example.com.evil.test/token",
  "https://evilexample.com/token",
  "https://169.254.169.254/token",
  "https://user:pass@registry.example.com/token",
  "https://registry.example.com@evil.test/token",
  "https:\\\\evil.test/token",
  "//evil.test/token",
  "file:///etc/passwd",
])("parseRealm() refuses %j", (text) => {
  expect(() => realm(text)).toThrow(RealmRefused);
});

it("parseRealm() takes a host that the user vouches for, by https all the same", () => {
  expect(realm("https://sso.test/token", REGISTRY, ["SSO.test"])).toBe("https://sso.test/token");
  expect(() => realm("http://sso.test/token", REGISTRY, ["sso.test"])).toThrow(RealmRefused);
});

describe("belongsTogether()", () => {
  it.each([
    ["a.example.com", "b.example.com", true],
    ["a.example.com.", "b.example.com", true],
    ["a.company.co.uk", "b.company.co.uk", true],
    ["one.co.uk", "other.co.uk", false],
    ["one.com.au", "other.com.au", false],
    ["example.com", "example.org", false],
    ["localhost", "localhost", true],
    ["a.localhost", "localhost", false],
    ["10.0.0.1", "10.1.0.1", false],
    ["10.0.0.1", "10.0.0.1", true],
    ["[::1]", "[::2]", false],
  ])("of %s and %s is %j", (one, other, wanted) => {
    expect(belongsTogether(one, other)).toBe(wanted);
  });
});
