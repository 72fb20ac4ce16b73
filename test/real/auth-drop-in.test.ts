/** Clients of a registry that takes its users, or their tokens, from where the reference registry does. */
import { describe, expect, it } from "vitest";
import {
  openTokenServer,
  type TokenServerOptions,
  type TokenStyle,
} from "../fixtures/token-server.ts";
import type { AccessClientKind } from "./access-client.ts";
import { DOCKER, PODMAN } from "./access-engines.ts";
import { type AccessSession, describeAccess, type OpenRegistry } from "./access-session.ts";
import { CRANE, SKOPEO } from "./access-tools.ts";
import { CREATOR, openGuarded, READER, writeUsers } from "./people.ts";

const openHtpasswd: OpenRegistry = async (resources, folder) => {
  const path = await writeUsers(folder, [CREATOR, READER]);
  const auth = { htpasswd: { realm: "a registry", path } };
  return { barge: await openGuarded(resources, { auth }), neighbours: [] };
};

const CATALOG = { "registry:catalog": ["*"] };
const TOKEN_USERS: TokenServerOptions["users"] = {
  [CREATOR.name]: {
    password: CREATOR.password,
    rights: { "team/app": ["pull", "push"], ...CATALOG },
  },
  [READER.name]: { password: READER.password, rights: { "team/app": ["pull"], ...CATALOG } },
};

/** @param style of which version of the reference registry the tokens are. */
function openWithTokenServer(style: TokenStyle): OpenRegistry {
  return async (resources) => {
    const server = await openTokenServer(resources, { style, users: TOKEN_USERS, anonymous: {} });
    const { service, issuer, rootCertBundle, jwks } = server;
    // Some clients ask no token server that the registry names by the address of a private network.
    const realm = server.realm.replace("127.0.0.1", "localhost");
    const keys = style === "jwks" ? { jwks } : { rootcertbundle: rootCertBundle };
    const auth = { token: { realm, service, issuer, ...keys } };
    return { barge: await openGuarded(resources, { auth }), neighbours: [new URL(server.realm)] };
  };
}

function tellLogins({ messages }: AccessClientKind, session: AccessSession): void {
  it("an image is pushed, moved and pulled after a login, and not without", async () => {
    await session.as(CREATOR, async ({ push, pull }) => {
      await push("team/app:1.0.0", "first");
      await push("team/app:1.0.0", "second");
      await pull("team/app:1.0.0");
    });
    await session.as(READER, async ({ pull }) => pull("team/app:1.0.0"));
    const { pull, push } = session.client;
    await expect(pull("team/app:1.0.0")).rejects.toThrow(messages.loginNeeded);
    await expect(push("team/app:2.0.0", "first")).rejects.toThrow(messages.loginNeeded);
  });

  it("a wrong password is refused", async () => {
    const wrong = { ...READER, password: CREATOR.password };
    await session.refused(wrong, messages.wrongPassword);
  });
}

describe("auth.htpasswd", () => {
  for (const kind of [DOCKER, PODMAN, SKOPEO, CRANE]) {
    describeAccess(kind, openHtpasswd, (session) => tellLogins(kind, session));
  }
});

const TOKENS: readonly {
  readonly title: string;
  readonly style: TokenStyle;
  readonly kinds: readonly AccessClientKind[];
}[] = [
  {
    title: "named as version 2 of the reference registry expects",
    style: "libtrust",
    kinds: [DOCKER, SKOPEO, CRANE],
  },
  {
    title: "named as version 3 of the reference registry expects",
    style: "thumbprint",
    kinds: [DOCKER, SKOPEO, CRANE],
  },
  { title: "with their certificates", style: "x5c", kinds: [CRANE] },
  { title: "named as a JWK Set has them", style: "jwks", kinds: [CRANE] },
];

describe.each(TOKENS)("auth.token with keys $title", ({ style, kinds }) => {
  for (const kind of kinds) {
    describeAccess(kind, openWithTokenServer(style), (session) => {
      tellLogins(kind, session);

      it("what the token does not hold is refused", async () => {
        const { loginNeeded } = kind.messages;
        await session.as(READER, async ({ push, pull }) => {
          await expect(push("team/app:3.0.0", "first")).rejects.toThrow(loginNeeded);
          await expect(pull("team/other:1.0.0")).rejects.toThrow(loginNeeded);
        });
      });
    });
  }
});
