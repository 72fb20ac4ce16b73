import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { S3Config } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { Secret } from "../../src/config/secret.ts";
import { configOf, problemsOf } from "./reading.ts";

const s3 = (parameters: string): string =>
  `version: 0.1\nstorage: {s3: {bucket: b, region: r, ${parameters}}}\nhttp: {addr: ":5000"}\n`;

async function driver(parameters: string, environment: Environment = {}): Promise<S3Config> {
  const found = (await configOf(s3(parameters), environment)).storage.driver;
  if (found.name !== "s3") throw new Error("not s3");
  return found;
}

test("Secret shows itself in no way but reveal()", () => {
  const secret = new Secret("hunter2");

  expect(secret.reveal()).toBe("hunter2");
  for (const shown of [
    JSON.stringify({ secret }),
    inspect({ deep: { secret } }, { showHidden: true, depth: 9 }),
    String(secret),
    `${secret.toString()}`,
    JSON.stringify(Object.entries(secret)),
  ]) {
    expect(shown).not.toContain("hunter2");
  }
  expect(JSON.stringify(secret)).toBe('"[redacted]"');
  expect(inspect(secret)).toBe("[redacted]");
});

test("a secret key is in neither JSON nor inspection of the configuration", async () => {
  const config = await configOf(s3("accesskey: AK, secretkey: hunter2"));

  expect(JSON.stringify(config)).not.toContain("hunter2");
  expect(inspect(config, { depth: 9, showHidden: true })).not.toContain("hunter2");
});

test("a secret can stand in the file itself", async () => {
  const found = await driver("accesskey: AK, secretkey: hunter2");
  expect([found.accessKey, found.secretKey?.reveal()]).toEqual(["AK", "hunter2"]);
});

test("a secret can come from a variable", async () => {
  const found = await driver("accesskey: 'env:KEY_ID', secretkey: 'env:KEY'", {
    KEY_ID: "AK",
    KEY: "hunter2",
  });
  expect([found.accessKey, found.secretKey?.reveal()]).toEqual(["AK", "hunter2"]);
});

test("a secret can come from a file, without the newline at its end", async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), "barge-config-"));
  const path = join(directory.path, "secret");
  await writeFile(path, " hunter2 \n");

  const found = await driver(`accesskey: AK, secretkey: 'file:${path}'`);

  expect(found.secretKey?.reveal()).toBe(" hunter2 ");
});

test("a variable can name the file of a secret", async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), "barge-config-"));
  const path = join(directory.path, "secret");
  await writeFile(path, "hunter2");

  const found = await driver("accesskey: AK", { REGISTRY_STORAGE_S3_SECRETKEY: `file:${path}` });

  expect(found.secretKey?.reveal()).toBe("hunter2");
});

test.for([
  ["env:NOT_THERE", "the variable NOT_THERE"],
  ["env:EMPTY", "the variable EMPTY"],
  ["file:/nowhere/secret", "the file /nowhere/secret"],
  [`file:${tmpdir()}`, "the file"],
])("a secret at %s that gives nothing is a problem", async ([text, words = ""]) => {
  const problems = await problemsOf(s3(`accesskey: AK, secretkey: '${text}'`), { EMPTY: "" });

  expect(problems).toEqual([
    { path: "storage.s3.secretkey", message: expect.stringContaining(words) },
  ]);
});

test("no problem shows a secret", async () => {
  const problems = await problemsOf(
    s3("accesskey: [hunter2], secretkey: {a: hunter2}, chunksize: 1"),
    { REGISTRY_PROXY_REMOTEURL: "http://user:hunter2@h", REGISTRY_REDIS: "{password: hunter2}" },
  );

  expect(problems.length).toBeGreaterThan(3);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});
