import { describe, expect, it } from "vitest";
import { HtpasswdInvalid, parseHtpasswd } from "../../src/auth/passwords/htpasswd-file.ts";
import { bcrypt } from "./htpasswd-lines.ts";

const HASH = bcrypt("secret");
const OTHER = bcrypt("other", 5);

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

describe("parseHtpasswd()", () => {
  it("passes over blank lines and comments, and takes all three marks of bcrypt", () => {
    const text = `# users\r\n\r\n  \nalice:${HASH}\r\n\t bob:${OTHER.replace("$2y$", "$2a$")} \n   # carol:${HASH}\nzoë:${HASH.replace("$2y$", "$2b$")}`;
    const { users, warnings } = parseHtpasswd(text);
    expect([...users]).toEqual([
      ["alice", { hash: HASH, cost: 4 }],
      ["bob", { hash: OTHER.replace("$2y$", "$2a$"), cost: 5 }],
      ["zoë", { hash: HASH.replace("$2y$", "$2b$"), cost: 4 }],
    ]);
    expect(warnings).toEqual([]);
  });

  it("has nobody in an empty file", () => {
    expect(parseHtpasswd("")).toEqual({ users: new Map(), warnings: [] });
  });

  it.each([
    ["MD5 of Apache", "$apr1$Kz8qrvFf$M3TzGLVYbQcPB2FvGkC9R1"],
    ["SHA-1", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="],
    ["crypt", "rqXexS6ZhobKA"],
    ["a plain password", "secret"],
    ["nothing", ""],
    ["the mark of a faulty bcrypt", HASH.replace("$2y$", "$2x$")],
    ["a cost below 4", HASH.replace("$04$", "$03$")],
    ["a hash that is cut", HASH.slice(0, -1)],
    ["something behind the hash", `${HASH}:1000`],
  ])("warns of %s, which nobody matches, and tells the line only", (_, hash) => {
    const { users, warnings } = parseHtpasswd(`alice:${HASH}\nbob:${hash}\n`);
    expect([...users.keys()]).toEqual(["alice"]);
    expect(warnings).toEqual([expect.stringMatching(/^line 2: no password matches/)]);
  });

  it.each(["robot+ci", "robot+", "oidc", ""])("warns of the name %j, which no user has", (name) => {
    const { users, warnings } = parseHtpasswd(`${name}:${HASH}`);
    expect(users.size).toBe(0);
    expect(warnings).toEqual([expect.stringMatching(/^line 1: .*name/)]);
  });

  it("counts the last line of a name, and says so", () => {
    const { users, warnings } = parseHtpasswd(`a:${HASH}\na:${OTHER}`);
    expect(users.get("a")?.hash).toBe(OTHER);
    expect(warnings).toEqual(["line 2: the name stood above already; this line counts"]);
  });

  it("lets nobody in by a line above one that matches nothing", () => {
    expect(parseHtpasswd(`a:${HASH}\na:locked`).users.size).toBe(0);
  });

  it.each([15, 16, 31, 99])("refuses a cost of %i by its line", (cost) => {
    const text = `# first\nalice:${HASH.replace("$04$", `$${cost}$`)}`;
    const error = thrownBy(() => parseHtpasswd(text));
    expect(error).toBeInstanceOf(HtpasswdInvalid);
    expect(error).toMatchObject({ kind: "HtpasswdInvalid", line: 2 });
    expect(String(error)).toContain("line 2");
  });

  it("takes a cost of 14", () => {
    expect(parseHtpasswd(`a:${HASH.replace("$04$", "$14$")}`).users.get("a")?.cost).toBe(14);
  });

  it("refuses a line without a colon, and does not show it", () => {
    const error = thrownBy(() => parseHtpasswd(`a:${HASH}\ncanary\n`));
    expect(error).toMatchObject({ kind: "HtpasswdInvalid", line: 2 });
    expect(String(error)).not.toContain("canary");
  });
});
