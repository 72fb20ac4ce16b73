import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { locateConfig } from "../../src/config/locate.ts";

describe("locateConfig()", () => {
  test.for([
    ["a", { BARGE_CONFIG: "b", REGISTRY_CONFIGURATION_PATH: "c" }, "a"],
    [undefined, { BARGE_CONFIG: "b", REGISTRY_CONFIGURATION_PATH: "c" }, "b"],
    [undefined, { BARGE_CONFIG: "", REGISTRY_CONFIGURATION_PATH: "c" }, "c"],
  ] as const)("of %s and %o takes %s", async ([argument, environment, expected]) => {
    await using directory = await mkdtempDisposable(join(tmpdir(), "barge-config-"));
    await writeFile(join(directory.path, "config.yml"), "");
    const options = { argument, environment, directory: directory.path };

    expect(await locateConfig(options)).toBe(expected);
  });

  test("takes config.yml if it is there, else nothing", async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), "barge-config-"));
    const options = { environment: {}, directory: directory.path };

    expect(await locateConfig(options)).toBeUndefined();

    await writeFile(join(directory.path, "config.yml"), "");
    expect(await locateConfig(options)).toBe(join(directory.path, "config.yml"));
  });
});

describe("loadConfig()", () => {
  test("of a file that is not there says so", async () => {
    await expect(
      loadConfig({ path: "/nowhere/config.yml", environment: {} }),
    ).rejects.toMatchObject({
      kind: "ConfigInvalid",
      message:
        "/nowhere/config.yml cannot be used: 1 problem\n  the file cannot be read: there is no such file",
      problems: [{ path: "", message: "the file cannot be read: there is no such file" }],
    });
  });

  test.for([
    [
      "http: {addr: ':1', addr: ':2'}",
      /^\/.*\/config\.yml cannot be used: 1 problem\n {2}line 1, /,
    ],
    ["[]", /^\/.*\/config\.yml cannot be used: 1 problem\n {2}the file must be a map of settings$/],
    ["version: 0.1", /^\/.*\/config\.yml cannot be used: 2 problems\n {2}\S+: .*\n {2}\S+: .*$/],
  ] as const)("of %j names the file in what it throws", async ([text, message]) => {
    await using directory = await mkdtempDisposable(join(tmpdir(), "barge-config-"));
    const path = join(directory.path, "config.yml");
    await writeFile(path, text);
    await expect(loadConfig({ path, environment: {} })).rejects.toThrow(message);
  });

  test("without a file names the built-in configuration in what it throws", async () => {
    await expect(loadConfig({ environment: { REGISTRY_HTTP_ADDR: "x" } })).rejects.toThrow(
      /^the built-in configuration cannot be used: 1 problem\n {2}http\.addr: /,
    );
  });

  test("of a directory says so", async () => {
    await expect(loadConfig({ path: tmpdir(), environment: {} })).rejects.toMatchObject({
      problems: [{ path: "", message: expect.stringContaining("EISDIR") }],
    });
  });

  test("without a file takes variables on top of the defaults", async () => {
    const { config } = await loadConfig({ environment: { REGISTRY_HTTP_ADDR: ":7000" } });

    expect(config.http.listen).toEqual({ kind: "tcp", host: "", port: 7000 });
    expect(config.storage.driver.name).toBe("filesystem");
  });
});
