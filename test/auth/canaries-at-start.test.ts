/** A config with a mistake in it is told of at the start, and no secret that stands beside the mistake. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBarge } from "../fixtures/barge.ts";
import { openVersityGateway } from "../fixtures/versitygw.ts";
import { Canaries } from "./canaries.ts";
import { bcrypt } from "./htpasswd-lines.ts";

/** What a start wrote, whether anything came of it or not. */
async function started(config: string): Promise<string> {
  await using resources = new AsyncDisposableStack();
  try {
    const barge = await openBarge(resources, { storage: "inmemory", config });
    await barge.stop();
    return barge.output.join("\n");
  } catch (error) {
    return String(error);
  }
}

type Sections = (canary: string) => Readonly<Record<string, unknown>>;

const auth = (section: object): Readonly<Record<string, unknown>> => ({ barge: { auth: section } });

const MISTAKES: Readonly<Record<string, Sections>> = {
  "a secret that is too short": (canary) =>
    auth({ robots: { build: { secret: canary.slice(0, 15) } } }),
  "a secret that is a list": (canary) => auth({ robots: { build: { secret: [canary] } } }),
  "a secret under a wrong key": (canary) => auth({ robots: { build: { sercet: canary } } }),
  "a robot that is its secret": (canary) => auth({ robots: { build: canary } }),
  "a key that is none": (canary) => auth({ key: canary }),
  "a key that is damaged": (canary) =>
    auth({ key: `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----\n` }),
  "an attempt that is no number": (canary) =>
    auth({ robots: { build: { secret: canary } }, attempts: { perAddress: "many" } }),
  "a secret of HTTP that is a map": (canary) => ({
    http: { addr: "127.0.0.1:0", secret: { is: canary } },
  }),
  "a webhook that cannot be": (canary) => ({
    notifications: {
      endpoints: [{ name: "hook", url: `ftp://hook:${canary}@host/?token=${canary}` }],
    },
  }),
  "a header of a webhook that cannot be": (canary) => ({
    notifications: {
      endpoints: [
        { name: "hook", url: "http://127.0.0.1:9/", headers: { Authorization: [`${canary}\n`] } },
      ],
    },
  }),
  "a store that is not known": (canary) => ({ storage: { gcs: { keyfile: 7, password: canary } } }),
  "a secret of S3 without a bucket": (canary) => ({
    storage: { s3: { region: "r", accesskey: "a", secretkey: canary } },
  }),
};

describe("a start that fails keeps to itself", () => {
  it.each(Object.entries(MISTAKES))("%s", async (_, sections) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-canary-"));
    const canaries = new Canaries();
    const canary = canaries.mint("the secret");
    canaries.adopt("a part of it", canary.slice(0, 15));
    const config = join(folder.path, "config.yml");
    const usual = { version: 0.1, storage: { inmemory: {} }, http: { addr: "127.0.0.1:0" } };
    await writeFile(config, JSON.stringify({ ...usual, ...sections(canary) }));
    const output = await started(config);
    expect(output).not.toBe("");
    expect(output).not.toMatch(/listening on/);
    expect(canaries.in(output)).toEqual([]);
  });

  it.each([
    ["a quote that never ends", (canary: string) => `secretkey: "${canary}`],
    ["a key that comes twice", (canary: string) => `secretkey: ${canary}\n    secretkey: b`],
    ["a tab", (canary: string) => `\tsecretkey: ${canary}`],
    ["a colon too many", (canary: string) => `secretkey: ${canary}: b`],
    ["a star before it", (canary: string) => `secretkey: *${canary}`],
    ["an exclamation mark before it", (canary: string) => `secretkey: !${canary}`],
    ["exclamation marks around it", (canary: string) => `secretkey: !${canary}!`],
    ["an exclamation mark and more before it", (canary: string) => `secretkey: !<${canary}`],
    ["a name of its own", (canary: string) => `secretkey: &${canary}`],
    ["a bar before it", (canary: string) => `secretkey: |${canary}`],
    ["a percent sign before it", (canary: string) => `secretkey: %${canary}`],
    ["a line of its own", (canary: string) => `secretkey:\n%${canary}`],
    ["a bracket before it", (canary: string) => `secretkey: [${canary}`],
    ["a brace before it", (canary: string) => `secretkey: {${canary}: {`],
    ["a backslash before it", (canary: string) => `secretkey: "\\${canary}"`],
  ])("a secret in YAML with %s", async (_, line) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-canary-"));
    const canaries = new Canaries();
    const config = join(folder.path, "config.yml");
    const text = `version: 0.1\nstorage:\n  s3:\n    region: r\n    ${line(canaries.mint("the secret"))}\n`;
    await writeFile(config, text);
    const output = await started(config);
    expect(output).toContain("cannot be used");
    expect(canaries.in(output)).toEqual([]);
  });

  it.each([
    ["a password as it is", (canary: string) => `alice:${canary}`],
    ["a hash that is not bcrypt", (canary: string) => `alice:$apr1$salt$${canary}`],
    ["no colon", (canary: string) => canary],
    ["a hash of a length of its own", (canary: string) => `alice:${bcrypt("x")}${canary}`],
  ])("a file of users with %s", async (_, line) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-canary-"));
    const canaries = new Canaries();
    const users = join(folder.path, "users");
    await writeFile(users, `bob:${bcrypt("secret")}\n${line(canaries.mint("the secret"))}\n`);
    const config = join(folder.path, "config.yml");
    const usual = { version: 0.1, storage: { inmemory: {} }, http: { addr: "127.0.0.1:0" } };
    await writeFile(config, JSON.stringify({ ...usual, ...auth({ users }) }));
    const output = await started(config);
    expect(output).toMatch(/users/);
    expect(canaries.in(output)).toEqual([]);
  });

  it("a key that the store refuses", async () => {
    await using resources = new AsyncDisposableStack();
    const canaries = new Canaries();
    const { endpoint, accessKey, region, bucket } = await openVersityGateway(resources);
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-canary-"))).path;
    const config = join(folder, "config.yml");
    const s3 = { regionendpoint: endpoint.href, region, bucket, forcepathstyle: true };
    const keys = { accesskey: accessKey, secretkey: canaries.mint("the secret"), secure: false };
    const http = { addr: "127.0.0.1:0" };
    await writeFile(
      config,
      JSON.stringify({
        version: 0.1,
        log: { level: "debug" },
        storage: { s3: { ...s3, ...keys } },
        http,
      }),
    );
    const output = await started(config);
    expect(output).not.toMatch(/listening on/);
    expect(output).toMatch(/signature|denied|refused|forbidden/i);
    expect(canaries.in(output)).toEqual([]);
  });
});
