import {
  mkdtempDisposable,
  lstat,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  changeCredentialFile,
  credentialFiles,
  loginFile,
  readCredentialFile,
} from "../../src/client/credential-files.ts";
import { CredentialFileUnusable } from "../../src/client/errors.ts";

const resources = { stack: new AsyncDisposableStack() };
let folder: string;

beforeEach(async () => {
  resources.stack = new AsyncDisposableStack();
  folder = resources.stack.use(await mkdtempDisposable(join(tmpdir(), "barge-files-"))).path;
});
afterEach(async () => resources.stack.disposeAsync());

describe("which files", () => {
  const environment = {
    REGISTRY_AUTH_FILE: "/reg.json",
    DOCKER_CONFIG: "/docker",
    HOME: "/home/a",
    XDG_RUNTIME_DIR: "/run/a",
  };

  it("credentialFiles() are in the order that docker and containers share", () => {
    expect(credentialFiles({ authFile: undefined, environment })).toEqual([
      "/reg.json",
      "/docker/config.json",
      "/home/a/.docker/config.json",
      "/run/a/containers/auth.json",
      "/home/a/.config/containers/auth.json",
    ]);
  });

  it("credentialFiles() is the one that was named, alone", () => {
    expect(credentialFiles({ authFile: "x.json", environment })).toEqual(["x.json"]);
  });

  it("credentialFiles() leaves out places that the environment does not tell", () => {
    const places = { authFile: undefined, environment: { HOME: "", DOCKER_CONFIG: "/d" } };
    expect(credentialFiles(places)).toEqual(["/d/config.json"]);
  });

  it.each([
    [{ authFile: "x.json", environment }, "x.json"],
    [{ authFile: undefined, environment }, "/docker/config.json"],
    [{ authFile: undefined, environment: { HOME: "/home/a" } }, "/home/a/.docker/config.json"],
  ])("loginFile(%j) is %s", (places, wanted) => {
    expect(loginFile(places)).toBe(wanted);
  });

  it("loginFile() with neither says what to name", () => {
    expect(() => loginFile({ authFile: undefined, environment: {} })).toThrow(/--authfile/);
  });
});

describe("changeCredentialFile()", () => {
  it("keeps unknown keys, order and indentation, and leaves the file to its owner", async () => {
    const file = join(folder, "config.json");
    const text = `{\n\t"psFormat": "x",\n\t"auths": {\n\t\t"a": {}\n\t},\n\t"proxies": {\n\t\t"z": [\n\t\t\t1\n\t\t]\n\t}\n}`;
    await writeFile(file, text, { mode: 0o644 });
    await changeCredentialFile(file, (content) => ({ ...content, auths: { a: {}, b: {} } }));
    expect(await readFile(file, "utf8")).toBe(text.replace('"a": {}', '"a": {},\n\t\t"b": {}'));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["config.json"]);
  });

  it.each(['{\n  "a": 1\n}\n', '{\n    "a": 1\n}\n', '{"a":1}', '{"a":1}\n'])(
    "of %j keeps its form",
    async (text) => {
      const file = join(folder, "config.json");
      await writeFile(file, text);
      await changeCredentialFile(file, (content) => ({ ...content }));
      expect(await readFile(file, "utf8")).toBe(text);
    },
  );

  it("makes a file that is not there, and its folder for the owner alone", async () => {
    const file = join(folder, "new", "config.json");
    await changeCredentialFile(file, () => ({ auths: {} }));
    expect(await readFile(file, "utf8")).toBe('{\n\t"auths": {}\n}\n');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "new"))).mode & 0o777).toBe(0o700);
  });

  it("changes what a link points to, and the link stays", async () => {
    const file = join(folder, "real.json");
    const link = join(folder, "link.json");
    await writeFile(file, "{}");
    await symlink(file, link);
    await changeCredentialFile(link, () => ({ auths: {} }));
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ auths: {} });
  });

  it.each(['{"auths": {"a": {"auth": "c2VjcmV0"}', "[]", "null", '"x"', "\0\0\0"])(
    "of the damaged %j tells so, leaves it and repeats nothing of it",
    async (text) => {
      const file = join(folder, "config.json");
      await writeFile(file, text);
      const changing = changeCredentialFile(file, () => ({}));
      await expect(changing).rejects.toThrow(CredentialFileUnusable);
      await expect(changing).rejects.not.toThrow(/c2VjcmV0/);
      expect(await readFile(file, "utf8")).toBe(text);
    },
  );

  it("writes nothing when nothing changes", async () => {
    const file = join(folder, "config.json");
    await writeFile(file, '{ "a" : 1 }');
    await changeCredentialFile(file, (content) => content);
    expect(await readFile(file, "utf8")).toBe('{ "a" : 1 }');
  });

  it("that cannot write says so and leaves no draft", async () => {
    const file = join(folder, "file", "config.json");
    await writeFile(join(folder, "file"), "");
    await expect(changeCredentialFile(file, () => ({}))).rejects.toThrow(CredentialFileUnusable);
    expect(await readdir(folder)).toEqual(["file"]);
  });
});

it("readCredentialFile() of a file that is not there is undefined, of an empty one empty", async () => {
  expect(await readCredentialFile(join(folder, "none.json"))).toBeUndefined();
  await writeFile(join(folder, "empty.json"), "\n");
  expect(await readCredentialFile(join(folder, "empty.json"))).toEqual({});
});

it("readCredentialFile() of a folder is an error that names it", async () => {
  await expect(readCredentialFile(folder)).rejects.toThrow(folder);
});
