/** `deploy/barge` as a shell sees it: how it finds its Node, what it prints where, and its exit codes. */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtempDisposable, realpath, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env as environment } from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startProgram } from "../fixtures/program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LAUNCHER = join(ROOT, "deploy", "barge");
const VERSION = /^barge 0\.1\.0 \(node v\d+\.\d+\.\d+\)\n$/;

const resources = new AsyncDisposableStack();
let folder: string;
/** The programs that the launcher's shell needs, and no Node. */
let tools: string;

beforeAll(async () => {
  const made = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-launcher-")));
  folder = await realpath(made.path);
  tools = join(folder, "tools");
  await mkdir(tools);
  for (const name of ["dirname", "readlink", "mkdir", "cat"]) {
    const place = ["/usr/bin", "/bin"].find((directory) => existsSync(join(directory, name)));
    await symlink(join(place ?? "/bin", name), join(tools, name));
  }
});
afterAll(async () => resources.disposeAsync());

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Call {
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/** Runs the launcher, or another command, to its end. */
async function run(args: readonly string[], call: Call = {}): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const env = { PATH: tools, HOME: folder, ...call.env };
  const options = { env, cwd: call.directory ?? folder };
  const child = execFile(call.command ?? LAUNCHER, args, options, (error, stdout, stderr) => {
    const code = error === null ? 0 : Number(error.code);
    resolve({ code, stdout, stderr });
  });
  child.stdin?.end();
  return await promise;
}

/** A program named `node` that tells a version, and else its arguments and what the launcher set. */
async function fakeNode(name: string, version: string): Promise<string> {
  const directory = join(folder, name);
  await mkdir(directory, { recursive: true });
  const file = join(directory, "node");
  const script = [
    "#!/bin/sh",
    `if [ "$1" = --version ]; then echo ${version}; exit; fi`,
    'echo "$@"',
    'echo "threads=$UV_THREADPOOL_SIZE"',
    'echo "cache=${NODE_COMPILE_CACHE:-}"',
  ];
  await writeFile(file, script.join("\n"), { mode: 0o755 });
  return file;
}

/** The program without what `npm ci` brings. */
async function copyWithoutModules(name: string): Promise<string> {
  const root = join(folder, name);
  await cp(join(ROOT, "deploy"), join(root, "deploy"), { recursive: true });
  await cp(join(ROOT, "src"), join(root, "src"), { recursive: true });
  await cp(join(ROOT, "package.json"), join(root, "package.json"));
  return root;
}

describe("the Node that runs it", () => {
  it("is the one that npm brought, with nothing else in PATH", async () => {
    const { code, stdout, stderr } = await run(["version"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(VERSION);
  });

  it("is not an old one that BARGE_NODE or PATH names", async () => {
    const old = await fakeNode("old", "v24.13.0");
    const PATH = `${join(folder, "old")}:${tools}`;
    for (const BARGE_NODE of [old, join(folder, "missing"), "/bin/false", ""]) {
      const { code, stdout } = await run(["version"], { env: { PATH, BARGE_NODE } });
      expect(code).toBe(0);
      expect(stdout).toMatch(VERSION);
    }
  });

  it("is the one that BARGE_NODE names when that is new enough", async () => {
    const BARGE_NODE = await fakeNode("new", "v26.0.0");
    const { code, stdout } = await run(["serve", "a b.yml"], { env: { BARGE_NODE } });
    expect(code).toBe(0);
    const [args] = stdout.split("\n");
    expect(args).toBe(
      `--max-semi-space-size=1 --disable-warning=ExperimentalWarning ${join(ROOT, "src", "main.ts")} serve a b.yml`,
    );
  });

  it("is the one in PATH for a copy without modules, found through links", async () => {
    await fakeNode("newer", "v27.1.0");
    const root = await copyWithoutModules("linked");
    const link = join(folder, "link-to-barge");
    await symlink("linked/deploy/barge", link);
    const env = { PATH: `${join(folder, "newer")}:${tools}` };
    const { code, stdout } = await run(["version"], { command: link, env });
    expect(code).toBe(0);
    expect(stdout).toContain(join(root, "src", "main.ts"));
  });

  it("is asked for, with what to do, when there is none", async () => {
    const root = await copyWithoutModules("bare");
    const BARGE_NODE = await fakeNode("old", "v24.13.0");
    const command = join(root, "deploy", "barge");
    for (const env of [{}, { BARGE_NODE }, { PATH: `${join(folder, "old")}:${tools}` }]) {
      const { code, stdout, stderr } = await run(["version"], { command, env });
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^barge: no Node\.js of version 26 or newer was found\.\n/);
      expect(stderr).toContain(`npm ci' in ${root}`);
      expect(stderr).toContain("BARGE_NODE");
    }
  });
});

describe("the environment of its Node", () => {
  async function told(env: Readonly<Record<string, string>>): Promise<string> {
    const BARGE_NODE = await fakeNode("new", "v26.0.0");
    return (await run([], { env: { BARGE_NODE, ...env } })).stdout;
  }

  it("has threads for slow disks, unless it says so itself", async () => {
    expect(await told({})).toContain("threads=16\n");
    expect(await told({ UV_THREADPOOL_SIZE: "7" })).toContain("threads=7\n");
  });

  it("keeps compiled code below the user's own cache, or nowhere", async () => {
    expect(await told({})).toContain(`cache=${folder}/.cache/barge/compile-cache\n`);
    const XDG_CACHE_HOME = join(folder, "xdg");
    expect(await told({ XDG_CACHE_HOME })).toContain(
      `cache=${XDG_CACHE_HOME}/barge/compile-cache\n`,
    );
    expect(await told({ HOME: "" })).toContain("cache=\n");
    expect(await told({ HOME: "/proc/nowhere" })).toContain("cache=\n");
    expect(await told({ NODE_COMPILE_CACHE: "/mine" })).toContain("cache=/mine\n");
  });
});

describe("exit codes and streams", () => {
  it.each([["version"], ["--version"]])("%s prints the version and 0", async (word) => {
    const { code, stdout, stderr } = await run([word]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(VERSION);
  });

  it("the reference's command line prints its name and 0", async () => {
    const command = join(ROOT, "deploy", "registry");
    const { code, stdout, stderr } = await run(["--version"], { command });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^registry .*barge.* 0\.1\.0 /);
  });

  it.each([
    [["nonsense"], /unknown command 'nonsense'/],
    [["serv"], /Did you mean serve\?/],
    [["version", "--nope"], /unknown option '--nope'/],
    [["serve", "a.yml", "b.yml"], /too many arguments/],
    [[], /Usage: barge/],
    [["registry"], /Usage: barge registry/],
  ])("%j is a mistake: 2, and nothing on standard output", async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("help is no mistake: 0, on standard output", async () => {
    for (const args of [["help"], ["--help"], ["serve", "--help"]]) {
      const { code, stdout, stderr } = await run(args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^Usage: barge/);
    }
  });

  it("serve and verify tell every problem of a config at once: 2", async () => {
    const config = join(folder, "bad.yml");
    const text = {
      version: 0.1,
      storage: { inmemory: {} },
      http: { addr: "nonsense", prefix: "x" },
      log: { level: "loud" },
    };
    await writeFile(config, JSON.stringify(text));
    for (const verb of ["serve", "verify"]) {
      const { code, stdout, stderr } = await run([verb, config]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(`${config} cannot be used: 3 problems\n`);
      for (const path of ["http.addr", "http.prefix", "log.level"]) expect(stderr).toContain(path);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });

  it("a config that is not there is told without a stack: 2", async () => {
    const { code, stdout, stderr } = await run(["serve", join(folder, "missing.yml")]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(
      /^barge: .*missing\.yml cannot be used: 1 problem\n {2}the file cannot be read: there is no such file\n/,
    );
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("a right config is told to be valid: 0", async () => {
    const config = join(folder, "good.yml");
    const text = { version: 0.1, storage: { inmemory: {} }, http: { addr: "127.0.0.1:0" } };
    await writeFile(config, JSON.stringify(text));
    expect(await run(["verify", config])).toEqual({
      code: 0,
      stdout: `${config} is valid\n`,
      stderr: "",
    });
  });
});

describe("serve", () => {
  it("without a config shows where it listens and what to do, and ends with 0 at SIGTERM", async () => {
    await using running = new AsyncDisposableStack();
    const directory = join(folder, "empty");
    await mkdir(directory);
    const screen = join(folder, "screen");
    // The fixture reads standard output as lines; the whole of it is kept beside.
    const script = `trap 'kill -TERM $child' TERM; "$0" serve >"$1" & child=$!; wait $child; wait $child; echo "ended $?" >>"$1"`;
    const ready = /msg="listening on (http:\/\/127\.0\.0\.1:\d+)"/;
    const { stop, ready: match } = await startProgram(
      running,
      {
        command: ["/bin/sh", "-c", script, LAUNCHER, screen],
        env: { PATH: "/usr/bin:/bin", HOME: folder, REGISTRY_HTTP_ADDR: "127.0.0.1:0" },
        workingDirectory: directory,
      },
      ready,
    );
    const answer = await fetch(`${match[1]}/v2/`);
    expect([answer.status, await answer.text()]).toEqual([200, "{}"]);
    await stop();
    const { stdout } = await run([screen], { command: join(tools, "cat") });
    expect(stdout).toContain(`Barge listens on ${match[1]}.`);
    expect(stdout).toContain(`docker push ${match[1]?.replace("http://", "")}/alpine`);
    expect(stdout).toMatch(/\nended 0\n$/);
  });
});

describe("npm", () => {
  const call = {
    command: "/usr/bin/env",
    directory: ROOT,
    env: { PATH: environment["PATH"] ?? "" },
  };

  it("runs the launcher by npx", async () => {
    const { code, stdout } = await run(["npx", "--no", "barge", "version"], call);
    expect(code).toBe(0);
    expect(stdout).toMatch(VERSION);
  });

  it("runs serve by npm start, with the launcher's exit code", async () => {
    const { code, stderr } = await run(["npm", "start", "--", join(folder, "missing.yml")], call);
    expect(code).toBe(2);
    expect(stderr).toContain("missing.yml cannot be used: 1 problem");
  });

  it("ends without a word when nobody reads what it prints", async () => {
    const { promise, resolve } = Promise.withResolvers<number | null>();
    const env = { PATH: tools, HOME: folder };
    const child = spawn(LAUNCHER, ["--help"], { env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    child.on("close", resolve);
    const complaints = await child.stderr.toArray();
    expect(Buffer.concat(complaints).toString()).toBe("");
    expect(await promise).toBe(141);
  });
});
