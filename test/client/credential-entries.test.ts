import { expect, it } from "vitest";
import {
  entryFor,
  fromHelper,
  helperFor,
  hostOf,
  withEntry,
  withoutEntries,
} from "../../src/client/credential-entries.ts";
import { CredentialFileUnusable } from "../../src/client/errors.ts";

const auth = (name: string): object => ({ auth: Buffer.from(`${name}:pw`).toString("base64") });

function nameFor(auths: object, place: string): string | undefined {
  const credentials = entryFor({ auths }, place, "file")?.credentials;
  return credentials?.kind === "password" ? credentials.name : undefined;
}

it.each([
  ["reg.test", "server"],
  ["reg.test/team", "team"],
  ["reg.test/team/app", "app"],
  ["reg.test/team/app/x", "app"],
  ["reg.test/teams", "server"],
  ["reg.test/team/apple", "team"],
  ["reg.test:5000", undefined],
  ["xreg.test", undefined],
])("entryFor() of %s is the longest key that covers it", (place, name) => {
  const auths = {
    "reg.test": auth("server"),
    "reg.test/team": auth("team"),
    "reg.test/team/app": auth("app"),
  };
  expect(nameFor(auths, place)).toBe(name);
});

it.each([
  "https://reg.test",
  "https://reg.test/v1/",
  "http://reg.test/v2/",
  "reg.test/v1/",
  "REG.test",
])("entryFor() knows the key %s as the server's", (key) => {
  expect(nameFor({ [key]: auth("a") }, "reg.test")).toBe("a");
});

it("entryFor() prefers the key that is written plainly, and passes over empty entries", () => {
  const url = { "https://reg.test/v1/": auth("url") };
  expect(nameFor({ ...url, "reg.test": auth("plain") }, "reg.test")).toBe("plain");
  expect(nameFor({ ...url, "reg.test": {} }, "reg.test")).toBe("url");
});

it.each([
  [{ auth: "YTpiOmM=" }, { kind: "password", name: "a", password: "b:c" }],
  [
    { auth: Buffer.from("a:b\0\0").toString("base64") },
    { kind: "password", name: "a", password: "b" },
  ],
  [
    { auth: "YTo=", identitytoken: "t" },
    { kind: "identity-token", token: "t" },
  ],
  [{ registrytoken: "t" }, { kind: "registry-token", token: "t" }],
  [
    { username: "a", password: "b" },
    { kind: "password", name: "a", password: "b" },
  ],
])("entryFor() reads %j", (entry, wanted) => {
  expect(entryFor({ auths: { r: entry } }, "r", "file")?.credentials).toEqual(wanted);
});

it.each(["!!!", "bm9jb2xvbg==", "Om5vbmFtZQ=="])(
  "entryFor() of the damaged credentials %j is an error",
  (text) => {
    const read = (): unknown => entryFor({ auths: { r: { auth: text } } }, "r", "/f.json");
    expect(read).toThrow(CredentialFileUnusable);
    expect(read).toThrow("/f.json: the credentials for r cannot be read");
  },
);

it("helperFor() is the server's own helper, else the one for all", () => {
  const content = { credsStore: "all", credHelpers: { "reg.test": "own" } };
  expect(helperFor(content, "reg.test")).toBe("own");
  expect(helperFor(content, "reg.test/team")).toBe("own");
  expect(helperFor(content, "other.test")).toBe("all");
  expect(helperFor({ credsStore: "" }, "other.test")).toBeUndefined();
});

it("fromHelper() of the name <token> is an identity token", () => {
  expect(fromHelper("<token>", "t")).toEqual({ kind: "identity-token", token: "t" });
});

it("withEntry() replaces the secret of an entry and keeps the rest of everything", () => {
  const content = { z: 1, auths: { a: { x: 1 }, r: { email: "e", identitytoken: "old" } } };
  const secret = { kind: "password", password: "b" } as const;
  expect(withEntry(content, "r", { name: "a", secret })).toEqual({
    z: 1,
    auths: { a: { x: 1 }, r: { email: "e", auth: "YTpi" } },
  });
  expect(withEntry(content, "r", undefined)).toMatchObject({ auths: { r: { email: "e" } } });
});

it("withEntry() keeps no password beside an identity token", () => {
  const secret = { kind: "identity-token", token: "t" } as const;
  expect(withEntry({}, "r", { name: "a", secret })).toEqual({
    auths: { r: { auth: "YTo=", identitytoken: "t" } },
  });
});

it("withoutEntries() of entries that are not there is the same object", () => {
  const content = { auths: { a: {} } };
  expect(withoutEntries(content, ["b"])).toBe(content);
  expect(withoutEntries(content, ["a"])).toEqual({ auths: {} });
});

it("hostOf() is the host of a key, however it is written", () => {
  expect(["https://r:5000/v1/", "r:5000/team", "r:5000"].map(hostOf)).toEqual(
    Array.from({ length: 3 }, () => "r:5000"),
  );
});
