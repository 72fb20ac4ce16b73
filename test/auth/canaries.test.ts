/** Secrets that clients send, and those of the config, turn up in nothing that is written or answered. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempDisposable, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { WebhookReceiver } from "../fakes/webhook-receiver.ts";
import { type Answer, RegistryClient } from "../conformance/client.ts";
import { openBarge, type RunningBarge } from "../fixtures/barge.ts";
import { freePort } from "../fixtures/free-port.ts";
import { openVersityGateway } from "../fixtures/versitygw.ts";
import { Canaries, formsOf } from "./canaries.ts";
import { canaryRequests } from "./canary-requests.ts";
import { htpasswdLine } from "./htpasswd-lines.ts";
import { basic } from "./matrix-credentials.ts";
import { jobToken, openIssuer } from "./matrix-registry.ts";
import { BLOB, IMAGE, manifest, postBlob, putManifest } from "./matrix-world.ts";

const LIMIT_MS = 120_000;

interface Scene {
  readonly canaries: Canaries;
  readonly barge: RunningBarge;
  readonly webhook: WebhookReceiver;
  readonly debug: URL;
  readonly audit: string;
  /** Header values that are right. */
  readonly right: Readonly<Record<string, string>>;
}

async function openScene(resources: AsyncDisposableStack, formatter: string): Promise<Scene> {
  const canaries = new Canaries();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-canary-"))).path;
  const users = join(folder, "users");
  const password = canaries.mint("the right password");
  const robotSecret = canaries.mint("the right secret");
  await writeFile(users, htpasswdLine("alice", password));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  for (const line of key.split("\n").slice(1, 3)) canaries.adopt("the key", line);
  const webhook = resources.use(await WebhookReceiver.open());
  const issuer = await openIssuer(resources);
  const debugPort = await freePort();
  const audit = join(folder, "audit.jsonl");
  const sections = {
    log: { level: "debug", formatter, accesslog: { disabled: false } },
    http: {
      addr: "127.0.0.1:0",
      secret: canaries.mint("http.secret"),
      debug: { addr: `127.0.0.1:${debugPort}`, prometheus: { enabled: true } },
    },
    notifications: {
      endpoints: [
        {
          name: "hook",
          url: webhook.url,
          headers: { Authorization: [`Bearer ${canaries.mint("a header of the webhook")}`] },
        },
        {
          name: "unreachable",
          url: `http://hook:${canaries.mint("a webhook's user")}@127.0.0.1:9/?token=${canaries.mint("a webhook's query")}`,
        },
      ],
    },
    barge: {
      auth: {
        users,
        key,
        robots: { build: { secret: robotSecret } },
        issuers: { ci: { issuer: issuer.url, audience: "registry", jwks: `${issuer.url}/keys` } },
        attempts: { perAddress: 100_000, perAccount: 100_000 },
      },
      access: [
        { subject: ["authenticated", "robot:build"], repositories: "**", actions: "all" },
        {
          subject: "claims:ci",
          claims: { repository_owner: "org" },
          repositories: "**",
          actions: "all",
        },
      ],
      audit: { path: audit, pulls: true },
    },
  };
  const barge = await openBarge(resources, { storage: "filesystem", sections });
  const right = {
    password: basic("alice", password),
    secret: basic("robot+build", robotSecret),
    job: basic("oidc", canaries.adopt("a job's token", jobToken(issuer, "org"))),
  };
  const debug = new URL(`http://127.0.0.1:${debugPort}`);
  return { canaries, barge, webhook, debug, audit, right };
}

/** Tokens of every kind, each of them a secret from now on. */
async function takeTokens(
  client: RegistryClient,
  { canaries, right }: Scene,
): Promise<Readonly<Record<string, string>>> {
  const bearers: Record<string, string> = {};
  for (const [kind, authorization] of Object.entries(right)) {
    const target = "/auth/token?service=barge&offline_token=true&scope=repository:team/app:pull";
    const answer = await client.send("GET", target, { headers: { authorization } });
    const { token = "", refresh_token: refresh = "" } = answer.json() as Record<string, string>;
    expect(token).not.toBe("");
    bearers[`token by ${kind}`] = `Bearer ${canaries.adopt(`a token by ${kind}`, token)}`;
    // A job has none: it can show its own token again.
    if (refresh === "") continue;
    bearers[`refresh token by ${kind}`] =
      `Bearer ${canaries.adopt(`a refresh token by ${kind}`, refresh)}`;
    await useRefreshToken(client, refresh);
  }
  return bearers;
}

/** The one answer that has a secret which was sent: the token goes back as it is. */
async function useRefreshToken(client: RegistryClient, token: string): Promise<void> {
  const form = { grant_type: "refresh_token", refresh_token: token, service: "barge" };
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const body = Buffer.from(new URLSearchParams(form).toString());
  const answer = await client.send("POST", "/auth/token", { headers, body });
  expect(answer.status).toBe(200);
}

function textOf({ status, headers, body }: Answer): string {
  return `${status} ${JSON.stringify(headers)} ${body.toString("latin1")}`;
}

async function writtenBelow(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return `${path}\n${await readFile(path, "latin1")}`;
  });
  return (await Promise.all(texts)).join("\n");
}

/** Something to pull, and something that the server must call its own fault: it is not what was pushed. */
async function fill({ barge, right }: Scene, client: RegistryClient): Promise<void> {
  const broken = manifest("broken");
  for (const [tag, what] of Object.entries({ v1: IMAGE, broken })) {
    const { target, headers, body = "" } = putManifest(`team/app/manifests/${tag}`, what);
    const all = { ...headers, authorization: right["password"] ?? "" };
    const pushed = await client.send("PUT", target, { headers: all, body: Buffer.from(body) });
    expect(pushed.status).toBe(201);
  }
  const hex = broken.digest.slice("sha256:".length);
  const blob = `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
  await writeFile(join(barge.rootDirectory ?? "", blob), "damaged");
}

it.each(["text", "json", "logstash"])(
  "nothing that was secret is told, with logs as %s",
  { timeout: LIMIT_MS },
  async (formatter) => {
    await using resources = new AsyncDisposableStack();
    const scene = await openScene(resources, formatter);
    const { canaries, barge, webhook, debug, audit, right } = scene;
    const client = resources.use(new RegistryClient(barge.origin));
    const tokens = await takeTokens(client, scene);
    await fill(scene, client);
    const leaks: string[] = [];
    const look = (where: string, text: string): void => {
      for (const label of canaries.in(text)) leaks.push(`${where}: ${label}`);
    };
    const headers = { ...right, ...tokens };
    for (const { method, target, parts } of canaryRequests(canaries, { headers })) {
      const answer = await client.send(method, target, parts);
      // A new token is none of those that were shown.
      look(`the answer ${answer.status} to ${method} ${target}`, textOf(answer));
    }
    for (const authorization of Object.values(headers)) {
      const target = `/v2/team/app/manifests/broken?access_token=${canaries.mint("a failure")}`;
      const answer = await client.send("GET", target, { headers: { authorization } });
      look("a failure", textOf(answer));
      expect([401, 500]).toContain(answer.status);
    }
    for (const page of ["/metrics", "/debug/vars", "/debug/health"]) {
      const response = await fetch(new URL(page, debug));
      expect(response.status).toBe(200);
      look(page, await response.text());
    }
    await barge.stop();
    look("the log", barge.output.join("\n"));
    look("the audit log", await readFile(audit, "utf8"));
    look("the store", await writtenBelow(barge.rootDirectory ?? ""));
    look("a notification", webhook.received.map(({ url, body }) => `${url} ${body}`).join("\n"));
    // It looked where things are: what is no secret is found there.
    expect(barge.output.join("\n")).toContain("/v2/team/none/tags/list");
    expect(await readFile(audit, "utf8")).toContain('"alice"');
    expect(webhook.received.length).toBeGreaterThan(0);
    expect(barge.output.join("\n")).toMatch(/stored|damaged/);
    expect([...new Set(leaks)]).toEqual([]);
  },
);

it("the key of a store, and what is signed with it, goes to nobody but who asked", async () => {
  await using resources = new AsyncDisposableStack();
  const canaries = new Canaries();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-canary-"))).path;
  const gateway = await openVersityGateway(resources);
  canaries.adopt("the key of the store", gateway.secretKey);
  const config = join(folder, "config.yml");
  const { endpoint, accessKey, secretKey, region, bucket } = gateway;
  const s3 = { regionendpoint: endpoint.href, region, bucket, forcepathstyle: true, secure: false };
  const sections = {
    version: 0.1,
    log: { level: "debug", accesslog: { disabled: false } },
    storage: { s3: { ...s3, accesskey: accessKey, secretkey: secretKey } },
    http: { addr: "127.0.0.1:0" },
  };
  await writeFile(config, JSON.stringify(sections));
  const barge = await openBarge(resources, { storage: "s3", config });
  const client = resources.use(new RegistryClient(barge.origin));
  const { target, headers = {}, body = "" } = postBlob("team/app", BLOB);
  const pushed = await client.send("POST", target, { headers, body: Buffer.from(body) });
  expect(pushed.status).toBe(201);
  const sent = await client.send("GET", `/v2/team/app/blobs/${BLOB.digest}`);
  const location = new URL(sent.header("location") ?? "");
  const signature = location.searchParams.get("X-Amz-Signature") ?? "";
  expect(signature).toMatch(/^[0-9a-f]{64}$/);
  canaries.adopt("a signature", signature);
  const asked = await client.send("GET", `/v2/team/app/tags/list${location.search}`);
  expect(canaries.in(textOf(asked))).toEqual([]);
  await barge.stop();
  expect(barge.output.join("\n")).toContain("/v2/team/app/tags/list");
  expect(canaries.in(barge.output.join("\n"))).toEqual([]);
});

it("a secret is found however it is written", () => {
  const canaries = new Canaries();
  const secret = canaries.mint("here");
  for (const form of [
    ...formsOf(secret),
    basic("alice", secret),
    basic("bob", secret),
    basic("carla", secret),
    `x${Buffer.from(`${secret}, and more`).toString("base64url")}`,
  ]) {
    expect(canaries.in(`before ${form} after`)).toEqual(["here"]);
  }
  expect(canaries.in("c4n4ry and alice")).toEqual([]);
});
