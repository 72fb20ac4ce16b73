/** A registry with Barge's own accounts and rules, full of things that not everybody may know of. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenedAccess, openAccess, type OwnTokens } from "../../src/app/access.ts";
import { openStorageDriver } from "../../storage-drivers/index.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { openLoopbackServer } from "../fakes/loopback-server.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { writeAuthority } from "../fixtures/certificates.ts";
import { configOf, type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { signToken } from "../fixtures/json-web-token.ts";
import { htpasswdLine } from "./htpasswd-lines.ts";
import { type Client, newClient } from "./matrix-client.ts";
import {
  ACTORS,
  BUILD_SECRET,
  GROUP,
  NAMESPACES,
  OWNER,
  PASSWORD_OF,
  rulesOf,
} from "./matrix-table.ts";

/** What the issuer of jobs' tokens signs with. */
export interface Issuer {
  readonly url: string;
  readonly privateKey: KeyObject;
}

export interface MatrixRegistry {
  readonly registry: InProcessRegistry;
  readonly own: OwnTokens;
  readonly driver: StorageDriver;
  readonly issuer: Issuer;
  /** Signs Barge's own tokens. */
  readonly signingKey: KeyObject;
  /** The file of users. */
  readonly usersFile: string;
  /** The secret of the robot `ci`. */
  readonly robotSecret: string;
  /** One with the certificate of carol, if asked for. */
  client(withCertificate?: boolean): Client;
}

/** Every check of a password counts from one address here. */
const NO_LIMIT = { perAddress: 100_000, perAccount: 100_000 };

export async function openMatrix(resources: AsyncDisposableStack): Promise<MatrixRegistry> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-matrix-"))).path;
  const issuer = await openIssuer(resources);
  const usersFile = join(folder, "users");
  await writeFile(usersFile, userLines());
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = join(folder, "key.pem");
  await writeFile(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const authority = await writeAuthority(folder, "root");
  const certificate = await authority.issue("/CN=127.0.0.1", "IP:127.0.0.1");
  const carol = await authority.issue("/CN=carol");
  const sections = {
    http: {
      addr: "127.0.0.1:0",
      tls: {
        ...certificate,
        clientcas: [authority.certificate],
        clientauth: "verify-client-cert-if-given",
      },
    },
    barge: {
      auth: {
        users: usersFile,
        key: `file:${key}`,
        groups: { [GROUP]: ["member"] },
        robots: { build: { secret: BUILD_SECRET } },
        issuers: { ci: { issuer: issuer.url, audience: "registry", jwks: `${issuer.url}/keys` } },
        attempts: NO_LIMIT,
      },
      access: rulesOf(),
    },
  };
  const { access, own, driver } = await openAccounts(resources, sections);
  const registry = resources.use(await openRegistry({ access, driver, sections }));
  const { origin } = registry;
  const ca = await readFile(authority.certificate);
  const shown = { cert: await readFile(carol.certificate), key: await readFile(carol.key) };
  return {
    registry,
    own,
    driver,
    issuer,
    usersFile,
    signingKey: privateKey,
    robotSecret: await makeRobot(own),
    client: (withCertificate = false) =>
      resources.use(newClient(origin, { ca, ...(withCertificate && shown) })),
  };
}

function userLines(): string {
  const names = Object.entries(ACTORS).filter(([, { kind }]) => kind === "user");
  return [OWNER, ...names.map(([name]) => name)]
    .map((name) => htpasswdLine(name, PASSWORD_OF(name)))
    .join("");
}

async function openAccounts(
  resources: AsyncDisposableStack,
  sections: Readonly<Record<string, unknown>>,
): Promise<{ access: OpenedAccess["access"]; own: OwnTokens; driver: StorageDriver }> {
  const config = await configOf(sections);
  const { signal } = new AbortController();
  const driver = resources.use(await openStorageDriver(config.storage.driver, { signal }));
  const log = new RecordingLogger();
  const { access, own } = await openAccess(config, { driver, log, resources });
  if (own === undefined) throw new Error("no tokens of its own");
  return { access, own, driver };
}

/** Its rights are its own: the rules do not name it. */
async function makeRobot({ robots }: OwnTokens): Promise<string> {
  const rights = NAMESPACES.flatMap((namespace) => {
    const given: Readonly<Record<string, string>> = ACTORS["robot+ci"].rights;
    const actions = given[namespace]?.split(" ") as ("pull" | "push")[] | undefined;
    return actions === undefined ? [] : [{ repositories: [`${namespace}/**`], actions }];
  });
  const robot = { name: "ci", rights, expiresAt: undefined, createdBy: OWNER };
  const { secret } = await robots.create(robot, new AbortController());
  return secret;
}

export async function openIssuer(resources: AsyncDisposableStack): Promise<Issuer> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "jobs", alg: "ES256", use: "sig" };
  const server = resources.use(
    await openLoopbackServer((_, outgoing) => {
      outgoing.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [jwk] }));
    }),
  );
  return { url: server.url, privateKey };
}

/** A token that the issuer gives to a job of that owner. */
export function jobToken({ url, privateKey }: Issuer, owner: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: url, aud: "registry", sub: `repo:${owner}/app` };
  return signToken({
    header: { alg: "ES256", typ: "JWT", kid: "jobs" },
    claims: { ...claims, repository_owner: owner, iat: now, nbf: now, exp: now + 600 },
    key: privateKey,
  });
}
