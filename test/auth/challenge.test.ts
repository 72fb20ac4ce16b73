import { describe, expect, it } from "vitest";
import type { Needed, ScopeAction } from "../../src/auth/access.ts";
import { accessItems, basicChallenge, bearerChallenge } from "../../src/auth/challenge.ts";
import { parseScopes } from "../../src/auth/scope.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";

const SERVER = { realm: "https://auth.example/token", service: "reg.example" };

function on(name: string, ...actions: readonly ScopeAction[]): Needed {
  return { kind: "repository", repository: parseRepositoryName(name), actions };
}

describe("bearerChallenge", () => {
  it("is the reference's, to the byte", () => {
    const needed = [on("a/b", "push", "pull"), on("c/d", "pull")];
    expect(bearerChallenge({ ...SERVER, needed, error: "invalid_token" })).toBe(
      'Bearer realm="https://auth.example/token",service="reg.example",scope="repository:a/b:pull,push repository:c/d:pull",error="invalid_token"',
    );
  });

  it("has neither scope nor error where there is none", () => {
    for (const needed of [[], [on("a")]]) {
      expect(bearerChallenge({ ...SERVER, needed })).toBe(
        'Bearer realm="https://auth.example/token",service="reg.example"',
      );
    }
  });

  it("asks for the catalog", () => {
    expect(bearerChallenge({ ...SERVER, needed: [{ kind: "catalog" }] })).toMatch(
      /,scope="registry:catalog:\*"$/,
    );
  });

  it("names each repository once, its actions always in the same order", () => {
    const needed = [on("a", "delete"), on("b", "pull"), on("a", "push", "pull", "push")];
    const challenge = bearerChallenge({ ...SERVER, needed });
    const [, scope = ""] = /scope="([^"]*)"/.exec(challenge) ?? [];
    expect(scope).toBe("repository:a:pull,push,delete repository:b:pull");
    expect(parseScopes([scope])).toHaveLength(2);
  });

  it("lets no text end its quotes or its line", () => {
    const challenge = bearerChallenge({ realm: 'a"b\r\nX: y', service: "\\", needed: [] });
    expect(challenge).toBe(String.raw`Bearer realm="a\"b\r\nX: y",service="\\"`);
  });
});

describe("basicChallenge", () => {
  it("names the realm in quotes", () => {
    expect(basicChallenge("Registry Realm")).toBe('Basic realm="Registry Realm"');
  });

  it("has what is beyond ASCII as bytes of UTF-8, so that it may stand in a header", () => {
    const challenge = basicChallenge("Büro 東");
    expect(Buffer.from(challenge, "latin1").toString()).toBe('Basic realm="Büro 東"');
    expect(() => new Headers({ "www-authenticate": challenge })).not.toThrow();
  });
});

describe("accessItems", () => {
  it("lists each action by itself", () => {
    expect(accessItems([on("a/b", "push", "pull"), { kind: "catalog" }])).toEqual([
      { Type: "repository", Class: "", Name: "a/b", Action: "pull" },
      { Type: "repository", Class: "", Name: "a/b", Action: "push" },
      { Type: "registry", Class: "", Name: "catalog", Action: "*" },
    ]);
  });

  it("is null where any token would do", () => {
    expect(accessItems([])).toBeNull();
  });
});
