import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Io } from "../../src/cli/io.ts";
import * as schema from "../../src/cli/schema.ts";
import * as verify from "../../src/cli/verify.ts";
import { minimal } from "./reading.ts";

class RecordingIo implements Io {
  out = "";
  err = "";
  readonly environment: Io["environment"];

  constructor(environment: Io["environment"] = {}) {
    this.environment = environment;
  }

  readonly stdout = (text: string): void => {
    this.out += text;
  };

  readonly stderr = (text: string): void => {
    this.err += text;
  };
}

async function fileWith(text: string): Promise<AsyncDisposable & { readonly file: string }> {
  const directory = await mkdtempDisposable(join(tmpdir(), "barge-config-"));
  const file = join(directory.path, "config.yml");
  await writeFile(file, text);
  return { file, [Symbol.asyncDispose]: () => directory.remove() };
}

describe("barge verify", () => {
  test("says that a file is valid, with notes beside it and warnings on stderr", async () => {
    await using given = await fileWith(minimal("nonsense: 1\nloglevel: info"));
    const io = new RecordingIo();

    expect(await verify.run({ file: given.file, format: "text" }, io)).toBe(0);
    expect(io.out).toMatch(/^.*config\.yml is valid\nnote: loglevel .*\n$/);
    expect(io.err).toBe("warning: nonsense is not a setting and has no effect\n");
  });

  test("tells all problems on stderr and ends with 2", async () => {
    await using given = await fileWith("version: 0.1\nstorage: azure\nhttp: {addr: x}");
    const io = new RecordingIo();

    expect(await verify.run({ file: given.file, format: "text" }, io)).toBe(2);
    expect(io.out).toBe("");
    expect(io.err).toMatch(
      /^.*config\.yml cannot be used: 2 problems\n {2}storage\.azure: .*\n {2}http\.addr: .*\n$/,
    );
  });

  test("takes the file that the environment names", async () => {
    await using given = await fileWith(minimal());
    const io = new RecordingIo({ BARGE_CONFIG: given.file });

    expect(await verify.run({ file: undefined, format: "text" }, io)).toBe(0);
    expect(io.out).toBe(`${given.file} is valid\n`);
  });

  test("prints one JSON document when asked to", async () => {
    await using given = await fileWith(minimal("tags: {maxtags: -1}"));
    const io = new RecordingIo();

    expect(await verify.run({ file: given.file, format: "json" }, io)).toBe(2);
    expect(JSON.parse(io.out)).toEqual({
      file: given.file,
      valid: false,
      problems: [{ path: "tags.maxtags", message: "must not be negative" }],
      warnings: [],
      notes: [],
    });
    expect(io.err).toBe("");
  });
});

test("barge schema prints the JSON Schema of the file", async () => {
  const io = new RecordingIo();

  expect(await schema.run({ file: undefined, format: "text" }, io)).toBe(0);
  expect(JSON.parse(io.out)).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
  });
});
