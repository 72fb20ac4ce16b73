import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBasic } from "../../src/auth/basic-credentials.ts";
import { CredentialsRefused } from "../../src/auth/errors.ts";

function basic(text: string | Uint8Array, scheme = "Basic"): string {
  return `${scheme} ${Buffer.from(text).toString("base64")}`;
}

describe("parseBasic()", () => {
  it.each([
    ["Basic", "alice:secret", { name: "alice", password: "secret" }],
    ["bASIC", "alice:secret", { name: "alice", password: "secret" }],
    ["Basic  ", "alice:with:colons", { name: "alice", password: "with:colons" }],
    ["Basic", "alice:", { name: "alice", password: "" }],
    ["Basic", "zoë:pässwörd", { name: "zoë", password: "pässwörd" }],
    ["Basic", "\ufeffalice:x", { name: "\ufeffalice", password: "x" }],
    ["Basic", "alice:\ufeffx\t", { name: "alice", password: "\ufeffx\t" }],
    ["Basic", `${"n".repeat(255)}:x`, { name: "n".repeat(255), password: "x" }],
  ])("takes %s of %j", (scheme, text, wanted) => {
    expect(parseBasic(basic(text, scheme))).toEqual(wanted);
  });

  it("keeps what only normalisation makes alike apart", () => {
    expect(parseBasic(basic("a:e\u0301"))?.password).toBe("e\u0301");
    expect(parseBasic(basic("a:\u00e9"))?.password).toBe("\u00e9");
  });

  it("takes a password as long as a token", () => {
    const token = "t".repeat(4000);
    expect(parseBasic(basic(`oidc:${token}`))?.password).toBe(token);
  });

  it.each([undefined, "", "Bearer abc", "Basics YTpi", "Digest x", "basicYTpi", " Basic YTpi"])(
    "leaves %j to others",
    (header) => {
      expect(parseBasic(header)).toBeUndefined();
    },
  );

  it.each([
    ["no base64", "Basic !!!!"],
    ["base64 with rubbish in it", "Basic YTpi%YTpi"],
    ["base64 without its padding", "Basic YTpiYg"],
    ["base64 in the alphabet of URLs", `Basic ${Buffer.from("a:~~~???").toString("base64url")}`],
    ["two words", "Basic YTpi YTpi"],
    ["nothing", "Basic"],
    ["nothing but space", "Basic   "],
    ["no colon", basic("alice")],
    ["an empty name", basic(":secret")],
    ["NUL in the password", basic("alice:a\0b")],
    ["NUL in the name", basic("al\0ice:a")],
    ["a line end in the name", basic("al\nice:a")],
    ["DEL in the name", basic("al\u007fice:a")],
    ["a name of 256 bytes", basic(`${"ä".repeat(128)}:a`)],
    ["no UTF-8", basic(new Uint8Array([0x61, 0x3a, 0xe9]))],
  ])("refuses %s", (_, header) => {
    expect(() => parseBasic(header)).toThrow(CredentialsRefused);
  });

  it("tells nothing of what was shown when it refuses", () => {
    for (const header of [basic("canary-secret"), basic(":canary-secret"), "Basic canary-secret"]) {
      expect(() => parseBasic(header)).toThrow(/^(?!.*canary)/);
    }
  });

  it("splits whatever has a colon where the first one is", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!-9;-~]{1,40}$/),
        fc.string({ unit: "grapheme" }),
        (name, password) => {
          fc.pre(!password.includes("\0"));
          expect(parseBasic(basic(`${name}:${password}`))).toEqual({ name, password });
        },
      ),
    );
  });
});
