/** What the bearers of an outside token server's tokens may do, and for how long. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Access, Caller } from "../../src/auth/access.ts";
import { ACTIONS } from "../../src/auth/action.ts";
import { thumbprint } from "../../src/auth/key-id.ts";
import { createOutsideAccess } from "../../src/auth/outside-access.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { issueCertificate } from "../fixtures/certificate-authority.ts";
import {
  configFor,
  identify,
  identifyBy,
  newEcKey,
  nowSeconds,
  openAccess,
  openParties,
  type Parties,
  tokenOf,
  x5cOf,
} from "./outside-parties.ts";

const ORIGIN = "https://registry.test";
const resources = new AsyncDisposableStack();
let parties: Parties;
let access: Access;

beforeAll(async () => {
  parties = await openParties(resources);
  access = await openAccess(parties);
});
afterAll(() => resources.disposeAsync());

function entry(name: string, actions: readonly string[], type = "repository"): object {
  return { type, class: "", name, actions };
}

async function callerWith(...entries: readonly unknown[]): Promise<Caller> {
  return await identify(access, tokenOf(parties, { claims: { access: entries } }));
}

function permitted(caller: Caller, name: string): readonly string[] {
  return ACTIONS.filter((action) => caller.may(action, parseRepositoryName(name)));
}

const GIVEN: readonly (readonly [actions: readonly string[], may: readonly string[]])[] = [
  [[], []],
  [["pull"], ["pull"]],
  [["push"], []],
  [
    ["pull", "push"],
    ["pull", "push", "overwrite"],
  ],
  [
    ["push", "pull"],
    ["pull", "push", "overwrite"],
  ],
  [["delete"], ["delete"]],
  [
    ["pull", "delete"],
    ["pull", "delete"],
  ],
  [["*"], ["pull", "push", "overwrite", "delete"]],
  [["PULL", "Push", "pull,push", " pull", "pull*", "**"], []],
  [["admin", "promote", "overwrite"], []],
];

describe("rights", () => {
  it.each(GIVEN)("of the actions %j allow %j", async (actions, may) => {
    expect(permitted(await callerWith(entry("a/b", actions)), "a/b")).toEqual(may);
  });

  it("are of that repository and no other", async () => {
    const caller = await callerWith(entry("a", ["*"]));
    for (const name of ["a/b", "b", "aa", "a-b"]) expect(permitted(caller, name)).toEqual([]);
  });

  it.each(["*", "**", "A", "a/../b", "../a", "a/", "/a", "a*", "", "__proto__", "constructor"])(
    "of a repository called %j are of no other",
    async (name) => {
      const caller = await callerWith(entry(name, ["*"]));
      for (const other of ["a", "b", "a/b", "constructor"].filter((one) => one !== name)) {
        expect(permitted(caller, other)).toEqual([]);
      }
    },
  );

  it("of several entries for a repository count together", async () => {
    const caller = await callerWith(entry("a", ["pull"]), entry("b", []), entry("a", ["push"]));
    expect(permitted(caller, "a")).toEqual(["pull", "push", "overwrite"]);
  });

  it("of another type are none, those of a class are like any", async () => {
    expect(permitted(await callerWith(entry("a", ["*"], "registry")), "a")).toEqual([]);
    expect(permitted(await callerWith(entry("a", ["*"], "repository(plugin)")), "a")).toEqual([]);
    const plugin = { ...entry("a", ["pull"]), class: "plugin" };
    expect(permitted(await callerWith(plugin), "a")).toEqual(["pull"]);
  });

  it("are none without the claim", async () => {
    for (const claim of [undefined, null, []]) {
      const caller = await identify(access, tokenOf(parties, { claims: { access: claim } }));
      expect(permitted(caller, "a")).toEqual([]);
      expect(caller.mayList).toBe(false);
    }
  });
});

describe("the catalog", () => {
  it("takes registry:catalog:*", async () => {
    const caller = await callerWith(entry("catalog", ["*"], "registry"));
    expect(caller).toMatchObject({ mayList: true, isAdmin: false });
    expect(permitted(caller, "catalog")).toEqual([]);
  });

  it.each([
    entry("catalog", ["pull"], "registry"),
    entry("catalog", ["*"]),
    entry("*", ["*"], "registry"),
    entry("Catalog", ["*"], "registry"),
  ])("is not given by %j", async (given) => {
    expect(await callerWith(given)).toMatchObject({ mayList: false });
  });
});

describe("the header Authorization", () => {
  it.each([
    undefined,
    "",
    "Basic YWxpY2U6c2VjcmV0",
    "Bearer",
    "Bearer  TOKEN",
    "TOKEN",
    "Digest TOKEN",
    "Bearer TOKEN x",
  ])("counts as nothing shown: %j", async (shape) => {
    const caller = await identifyBy(access, shape?.replace("TOKEN", tokenOf(parties)));
    expect(caller).toMatchObject({
      identity: { kind: "anonymous" },
      name: "",
      lack: "challenge",
      mayList: false,
      isAdmin: false,
    });
    expect(permitted(caller, "a")).toEqual([]);
  });

  it.each(["Bearer", "bearer", "BEARER", "bEaReR"])("may say %s", async (scheme) => {
    const caller = await identifyBy(access, `${scheme} ${tokenOf(parties)}`);
    expect(caller.name).toBe("alice");
  });

  it("with a token that is empty is refused", async () => {
    await expect(identifyBy(access, "Bearer ")).rejects.toMatchObject({ isToken: true });
  });
});

describe("a token that was verified", () => {
  it("is known at once from then on", async () => {
    const token = tokenOf(parties);
    const shown = { authorization: `Bearer ${token}`, address: "::1", certificate: undefined };
    const first = access.identify(shown);
    expect(first).toBeInstanceOf(Promise);
    expect(access.identify(shown)).toBeInstanceOf(Promise);
    const caller = await first;
    expect(access.identify(shown)).not.toBeInstanceOf(Promise);
    expect(access.identify(shown)).toMatchObject({ name: caller.name });
  });

  it("is refused once it has expired, leeway and all", async () => {
    const clock = new FakeClock(new Date());
    const own = await openAccess(parties, { clock });
    const token = tokenOf(parties, { claims: { exp: nowSeconds(clock) + 100 } });
    await identify(own, token);
    await clock.advance(158_000);
    expect(await identify(own, token)).toMatchObject({ name: "alice" });
    await clock.advance(3000);
    await expect(identify(own, token)).rejects.toMatchObject({ isToken: true });
  });

  it("is refused once a certificate of its chain has expired", async () => {
    const clock = new FakeClock(new Date());
    const own = await openAccess(parties, { clock });
    const exp = nowSeconds(clock) + 10 * 86_400;
    const token = tokenOf(parties, { header: { x5c: x5cOf(parties.signer) }, claims: { exp } });
    await identify(own, token);
    await clock.advance(86_300_000);
    expect(await identify(own, token)).toMatchObject({ name: "alice" });
    await clock.advance(86_400_000);
    await expect(identify(own, token)).rejects.toMatchObject({ isToken: true });
  });

  it("makes room for others: memory is bounded", async () => {
    const own = await openAccess(parties);
    const padding = "p".repeat(11_000);
    const token = (jti: number): string => tokenOf(parties, { claims: { jti, padding } });
    const oldest = token(0);
    await identify(own, oldest);
    for (let jti = 1; jti <= 300; jti += 1) await identify(own, token(jti));
    const shown = { authorization: `Bearer ${oldest}`, address: "", certificate: undefined };
    const again = own.identify(shown);
    expect(again).toBeInstanceOf(Promise);
    expect(await again).toMatchObject({ name: "alice" });
  });
});

describe("keys that change", () => {
  it("count within a second, and the token of a key that is gone is refused", async () => {
    const clock = new FakeClock(new Date());
    const bundle = join(parties.directory, "rotated.pem");
    await writeFile(bundle, parties.signer.pem);
    const log = new RecordingLogger();
    const config = configFor({ bundle, jwks: parties.jwks });
    const own = await createOutsideAccess(config, { log, clock });
    const [old, fresh] = [tokenOf(parties), await tokenOfNewKey("fresh", bundle)];
    await identify(own, old);
    await expect(identify(own, fresh.token)).rejects.toMatchObject({ isToken: true });
    await fresh.overlap();
    await clock.advance(1000);
    expect(await identify(own, fresh.token)).toMatchObject({ name: "alice" });
    expect(await identify(own, old)).toMatchObject({ name: "alice" });
    await fresh.replace();
    await clock.advance(1000);
    expect(await identify(own, fresh.token)).toMatchObject({ name: "alice" });
    await expect(identify(own, old)).rejects.toMatchObject({ isToken: true });
    expect(log.lines.map(({ message }) => message)).toContain(
      "the keys of the token server have changed",
    );
  });

  it("to something that cannot be read stay as they were, and it is told once", async () => {
    const clock = new FakeClock(new Date());
    const bundle = join(parties.directory, "broken.pem");
    await writeFile(bundle, parties.signer.pem);
    const log = new RecordingLogger();
    const own = await createOutsideAccess(configFor({ ...parties, bundle }), { log, clock });
    await writeFile(bundle, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
    for (let second = 0; second < 3; second += 1) {
      await clock.advance(1000);
      expect(await identify(own, tokenOf(parties))).toMatchObject({ name: "alice" });
    }
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(String(log.lines.at(-1)?.fields["error"])).toContain(bundle);
  });

  async function tokenOfNewKey(commonName: string, bundle: string) {
    const issued = await issueCertificate(parties.directory, {
      commonName,
      privateKey: newEcKey(),
    });
    const header = { kid: thumbprint(issued.privateKey) };
    const put = async (text: string): Promise<void> => {
      await writeFile(`${bundle}.new`, text);
      await rename(`${bundle}.new`, bundle);
    };
    return {
      token: tokenOf(parties, { header, key: issued.privateKey }),
      overlap: () => put(parties.signer.pem + issued.pem),
      replace: () => put(issued.pem),
    };
  }
});

describe("the challenge", () => {
  const needed = [
    { kind: "repository", repository: parseRepositoryName("a/b"), actions: ["push", "pull"] },
  ] as const;

  it("names the token server, the scope and the error", () => {
    expect(access.challenge({ origin: ORIGIN, needed, error: "insufficient_scope" })).toBe(
      'Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull,push",error="insufficient_scope"',
    );
  });

  it.each(["https://registry.test:5000", "http://registry.test"])(
    "with autoredirect names %s",
    async (origin) => {
      const redirecting = await openAccess(parties, { autoRedirect: true, realm: "" });
      expect(redirecting.challenge({ origin, needed: [] })).toBe(
        `Bearer realm="${origin}/auth/token",service="registry.test"`,
      );
    },
  );
});
