import { hash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTools } from "../../install/tool-table.ts";
import { itWithTools } from "../../real/tools.ts";
import { goldenInputNamed } from "../golden/golden-inputs.ts";
import { readGoldenTable } from "../golden/golden-table.ts";
import { EncodeError, encodeFile, toolOf } from "./encode-file.ts";
import { type Encoder, encoderNamed, ENCODERS, moduleToolName } from "./encoder-table.ts";

describe("ENCODERS", () => {
  it("have names of their own, fit for files", () => {
    const names = ENCODERS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9.-]*$/);
  });

  it("have their versions pinned, when they are Go programs", () => {
    for (const { program } of ENCODERS) {
      if (program.from !== "module") continue;
      const file = `${program.folder}/versions/${program.version}.mod`;
      expect({ [file]: existsSync(new URL(file, import.meta.url)) }).toEqual({ [file]: true });
    }
  });

  it("use every encoder that the table of tools builds", () => {
    const used = ENCODERS.map(({ program }) =>
      program.from === "module" ? moduleToolName(program) : "",
    );
    const built = readTools().filter(({ kind }) => kind === "encoder");
    expect(built.length).toBeGreaterThan(0);
    for (const { name, source } of built) {
      expect(source).toBe(name);
      expect(used).toContain(name);
    }
  });
});

describe("encodeFile", () => {
  const small = goldenInputNamed("small").make();
  let folder = "";
  let plainFile = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "barge-encoders-"));
    plainFile = join(folder, "plain");
    writeFileSync(plainFile, small);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  for (const [tool, encoders] of encodersByTool()) {
    itWithTools([tool], `makes the golden streams: ${tool}`, async () => {
      for (const encoder of encoders) await expectGolden(encoder);
    });
  }

  it("rejects with EncodeError and leaves no file when the encoder fails", async () => {
    const failing = { ...encoderNamed("node-6"), args: ["99"] };
    const streamFile = join(folder, "failed");
    await expect(encodeFile({ encoder: failing, plainFile, streamFile })).rejects.toThrow(
      EncodeError,
    );
    expect(existsSync(streamFile)).toBe(false);
    expect(existsSync(`${streamFile}.part`)).toBe(false);
  });

  it("rejects with EncodeError when the encoder is not there", async () => {
    const program = { from: "module", folder: "go-stdlib", version: "go0.0" } as const;
    const encoder = { ...encoderNamed("go-1.26-6"), program };
    const task = { encoder, plainFile, streamFile: join(folder, "absent") };
    await expect(encodeFile(task)).rejects.toThrow(EncodeError);
  });

  async function expectGolden(encoder: Encoder): Promise<void> {
    const streamFile = join(folder, encoder.name);
    await encodeFile({ encoder, plainFile, streamFile });
    const stream = readFileSync(streamFile);
    const plain = encoder.format === "gzip" ? gunzipSync(stream) : zstdDecompressSync(stream);
    if (encoder.keepsPlain)
      expect([encoder.name, plain.equals(small)]).toEqual([encoder.name, true]);
    const golden = readGoldenTable().find(
      (row) => row.encoder === encoder.name && row.input === "small",
    );
    if (golden === undefined) return;
    expect({ [encoder.name]: hash("sha256", stream) }).toEqual({ [encoder.name]: golden.sha256 });
  }
});

/** Encoders whose programs `npm run test:install` brings. */
function encodersByTool(): ReadonlyMap<string, readonly Encoder[]> {
  const groups = new Map<string, Encoder[]>();
  for (const encoder of ENCODERS) {
    const tool = toolOf(encoder.program);
    if (tool === undefined) continue;
    groups.set(tool, [...(groups.get(tool) ?? []), encoder]);
  }
  return groups;
}
