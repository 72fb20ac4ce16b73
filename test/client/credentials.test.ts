/** Files and helpers together, as `barge login` and the API use them. */
import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CredentialSources,
  eraseCredentials,
  findCredentials,
  keepCredentials,
  knownHosts,
} from "../../src/client/credentials.ts";
import { CredentialHelperFailed } from "../../src/client/errors.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { writeCredentialHelper } from "../fakes/credential-helper.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

const resources = { stack: new AsyncDisposableStack() };
let folder: string;
let debugged: string[];

beforeEach(async () => {
  resources.stack = new AsyncDisposableStack();
  folder = resources.stack.use(await mkdtempDisposable(join(tmpdir(), "barge-kept-"))).path;
  debugged = [];
});
afterEach(async () => resources.stack.disposeAsync());

const at = (...path: readonly string[]): string => join(folder, ...path);

function sources(environment: Readonly<Record<string, string>>): CredentialSources {
  return {
    authFile: undefined,
    environment,
    clock: systemClock,
    signal: new AbortController().signal,
    debug: (line) => void debugged.push(line),
  };
}

async function write(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(content));
}

const entry = (name: string): object => ({
  auths: { "reg.test": { auth: Buffer.from(`${name}:pw`).toString("base64") } },
});

describe("findCredentials()", () => {
  const environment = (): Readonly<Record<string, string>> => ({
    REGISTRY_AUTH_FILE: at("named.json"),
    DOCKER_CONFIG: at("docker"),
    HOME: at("home"),
    XDG_RUNTIME_DIR: at("run"),
  });
  const files = (): readonly string[] => [
    at("named.json"),
    at("docker", "config.json"),
    at("home", ".docker", "config.json"),
    at("run", "containers", "auth.json"),
    at("home", ".config", "containers", "auth.json"),
  ];

  it.each([0, 1, 2, 3, 4])("takes file %i when those before have no entry", async (first) => {
    for (const [index, file] of files().entries()) {
      await write(file, index < first ? { auths: {} } : entry(`user${index}`));
    }
    const found = await findCredentials("reg.test", sources(environment()));
    expect(found).toMatchObject({ file: files()[first], credentials: { name: `user${first}` } });
    expect(debugged).toEqual([`credentials for reg.test: reg.test in ${files()[first]}`]);
  });

  it("says where it looked when there are none", async () => {
    expect(await findCredentials("reg.test", sources(environment()))).toBeUndefined();
    expect(debugged.join()).toContain(files().join(", "));
  });

  it("asks the helper first, then the file that names it", async () => {
    const helper = await writeCredentialHelper(folder, "fake");
    const content = { ...entry("file"), credsStore: "fake" };
    await write(at("home", ".docker", "config.json"), content);
    const asked = sources({ HOME: at("home"), PATH: helper.path });
    expect(await findCredentials("reg.test", asked)).toMatchObject({
      credentials: { name: "file" },
    });
    await writeFile(join(helper.kept, "reg.test"), '{"Username":"kept","Secret":"s"}');
    expect(await findCredentials("reg.test/team", asked)).toMatchObject({
      credentials: { kind: "password", name: "kept", password: "s" },
    });
    expect(debugged.at(-1)).toContain("helper fake");
    expect(debugged.join()).not.toContain('"s"');
    expect(await readFile(helper.journal, "utf8")).toBe("get reg.test\nget reg.test\n");
  });

  it.each([
    ["missing", "there is no such program in PATH"],
    ["../evil", "is not the name of a helper"],
  ])("with the helper %j fails and says why", async (credsStore, why) => {
    await write(at("home", ".docker", "config.json"), { credsStore });
    const finding = findCredentials("reg.test", sources({ HOME: at("home"), PATH: at("bin") }));
    await expect(finding).rejects.toThrow(CredentialHelperFailed);
    await expect(finding).rejects.toThrow(why);
  });

  it("passes on what a helper that fails says, without its control characters", async () => {
    await write(at("home", ".docker", "config.json"), { credsStore: "bad" });
    await mkdir(at("bin"));
    const script = "#!/bin/sh\nprintf 'keychain \\033[31mlocked\\n'; exit 1\n";
    await writeFile(at("bin", "docker-credential-bad"), script, { mode: 0o755 });
    const asked = sources({ HOME: at("home"), PATH: `${at("bin")}:/usr/bin:/bin` });
    await expect(findCredentials("reg.test", asked)).rejects.toThrow(
      "docker-credential-bad get failed: keychain  [31mlocked",
    );
  });

  it("ends a helper that does not answer in time", async () => {
    await write(at("home", ".docker", "config.json"), { credsStore: "slow" });
    await mkdir(at("bin"));
    const script = "#!/bin/sh\nsleep 600\n";
    await writeFile(at("bin", "docker-credential-slow"), script, { mode: 0o755 });
    const clock = new FakeClock();
    const environmentOfSlow = { HOME: at("home"), PATH: `${at("bin")}:/usr/bin:/bin` };
    const finding = findCredentials("reg.test", { ...sources(environmentOfSlow), clock });
    await clock.someoneWaits(60_000);
    await Promise.all([
      clock.advance(60_000),
      expect(finding).rejects.toThrow("no answer within 60000 ms"),
    ]);
  });
});

describe("keepCredentials() and eraseCredentials()", () => {
  const named = { name: "alice", secret: { kind: "password", password: "pw" } } as const;

  it("keep in the file and erase from it, and nothing else changes", async () => {
    const file = at("docker", "config.json");
    await write(file, { psFormat: "x", auths: { other: { auth: "YTpi" } } });
    const kept = sources({ DOCKER_CONFIG: at("docker"), HOME: at("home") });
    expect(await keepCredentials("reg.test", named, kept)).toEqual({ file, helper: undefined });
    expect(await findCredentials("reg.test", kept)).toMatchObject({
      credentials: { name: "alice" },
    });
    expect(await eraseCredentials("reg.test", kept)).toEqual(["reg.test"]);
    expect(await eraseCredentials("reg.test", kept)).toEqual([]);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
      psFormat: "x",
      auths: { other: { auth: "YTpi" } },
    });
  });

  it("go through the helper, and the file holds no secret", async () => {
    const helper = await writeCredentialHelper(folder, "fake");
    const file = at("docker", "config.json");
    await write(file, { credHelpers: { "reg.test": "fake" } });
    const kept = sources({ DOCKER_CONFIG: at("docker"), PATH: helper.path });
    expect(await keepCredentials("reg.test", named, kept)).toEqual({ file, helper: "fake" });
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ auths: { "reg.test": {} } });
    expect(await readFile(file, "utf8")).not.toMatch(/pw|YWxpY2U/);
    expect(JSON.parse(await readFile(join(helper.kept, "reg.test"), "utf8"))).toEqual({
      ServerURL: "reg.test",
      Username: "alice",
      Secret: "pw",
    });
    expect(await eraseCredentials("reg.test", kept)).toEqual(["reg.test"]);
    expect(await readdir(helper.kept)).toEqual([]);
    expect(await findCredentials("reg.test", kept)).toBeUndefined();
  });

  it("give a helper an identity token under the name that stands for one", async () => {
    const helper = await writeCredentialHelper(folder, "fake");
    await write(at("docker", "config.json"), { credsStore: "fake" });
    const kept = sources({ DOCKER_CONFIG: at("docker"), PATH: helper.path });
    const secret = { kind: "identity-token", token: "t" } as const;
    await keepCredentials("reg.test", { name: "alice", secret }, kept);
    expect(await findCredentials("reg.test", kept)).toMatchObject({ credentials: secret });
    expect(await readFile(helper.journal, "utf8")).toContain('"Username":"<token>"');
  });

  it("eraseCredentials() without a host erases all of the file", async () => {
    const kept = sources({ HOME: at("home") });
    await keepCredentials("a.test", named, kept);
    await keepCredentials("b.test:5000", named, kept);
    expect(await knownHosts(kept)).toEqual(["a.test", "b.test:5000"]);
    expect(await eraseCredentials(undefined, kept)).toEqual(["a.test", "b.test:5000"]);
    expect(await knownHosts(kept)).toEqual([]);
  });
});
