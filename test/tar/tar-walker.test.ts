import { execFile } from "node:child_process";
import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { NotTar } from "../../src/tar/tar-header.ts";
import { type TarEntry, TarWalker } from "../../src/tar/tar-walker.ts";

const run = promisify(execFile);
const LONG = `${"deep/".repeat(30)}file-with-a-name-that-is-long.txt`;

describe.each(["v7", "ustar", "gnu", "pax"])("TarWalker on GNU tar's %s", (dialect) => {
  it("tells names, sizes and places of bodies", async () => {
    const { archive, files } = await tarOf(dialect);
    const entries = walk(archive, [archive.length]);
    const found = entries.filter(({ type }) => type === "0");
    expect(found.map(({ name }) => name).toSorted()).toEqual([...files.keys()].toSorted());
    for (const { name, bodyStart, sizeBytes } of found) {
      const body = archive.subarray(bodyStart, bodyStart + sizeBytes);
      expect(body.toString("utf8")).toBe(files.get(name));
    }
  });

  it("tells the same whatever the cuts, and when bodies are left out", async () => {
    const { archive } = await tarOf(dialect);
    const whole = walk(archive, [archive.length]);
    expect(walk(archive, [1])).toEqual(whole);
    expect(walk(archive, [511, 3, 700])).toEqual(whole);
    expect(seek(archive)).toEqual(whole);
  });
});

it("TarWalker keeps the start of an entry at its first extended header", async () => {
  const { archive } = await tarOf("gnu");
  const entries = walk(archive, [archive.length]);
  for (const [index, { start }] of entries.entries()) {
    const before = entries[index - 1];
    const end =
      before === undefined ? 0 : before.bodyStart + Math.ceil(before.sizeBytes / 512) * 512;
    expect(start).toBe(end);
  }
});

it("TarWalker reads sizes beyond 8 GiB in base 256 and in pax records", () => {
  const size = 9 * 1024 ** 3;
  const binary = header({ type: "0", size: 0 });
  binary.fill(0, 124, 136);
  binary[124] = 0x80;
  binary.writeUIntBE(size, 130, 6);
  sign(binary);
  expect(walk(binary, [512])[0]?.sizeBytes).toBe(size);
  const record = `21 size=${size}\n`.replace("21", String(`21 size=${size}\n`.length));
  const pax = Buffer.concat([header({ type: "x", size: record.length }), block(record)]);
  expect(walk(Buffer.concat([pax, header({ type: "0", size: 0 })]), [100])[0]?.sizeBytes).toBe(
    size,
  );
});

it("TarWalker refuses what is no header, a broken record and an endless extended header", () => {
  expect(() => walk(Buffer.alloc(512, "x"), [512])).toThrow(NotTar);
  const broken = Buffer.concat([header({ type: "x", size: 9 }), block("9 size=1x")]);
  expect(() => walk(broken, [512])).toThrow(/broken record/);
  expect(() => walk(header({ type: "L", size: 2 ** 31 }), [512])).toThrow(/too large/);
});

it("TarWalker takes nothing after two blocks of zeros", () => {
  const archive = Buffer.concat([Buffer.alloc(1024), Buffer.alloc(512, "x")]);
  expect(walk(archive, [512])).toEqual([]);
});

function walk(archive: Buffer, cuts: readonly number[]): readonly TarEntry[] {
  const entries: TarEntry[] = [];
  const walker = new TarWalker((entry) => entries.push(entry));
  for (let at = 0, turn = 0; at < archive.length; turn++) {
    const size = cuts[turn % cuts.length] ?? 1;
    walker.write(archive.subarray(at, at + size));
    at += size;
  }
  return entries;
}

function seek(archive: Buffer): readonly TarEntry[] {
  const entries: TarEntry[] = [];
  const walker = new TarWalker((entry) => entries.push(entry));
  while (walker.needs < archive.length && !walker.hasEnded) {
    const from = walker.needs;
    walker.skipTo(from);
    walker.write(archive.subarray(from, from + 512));
  }
  return entries;
}

async function tarOf(dialect: string): Promise<{ archive: Buffer; files: Map<string, string> }> {
  await using directory = await mkdtempDisposable(join(tmpdir(), "barge-tar-"));
  const files = new Map([
    ["small", "a few bytes"],
    ["empty", ""],
    ["block", "b".repeat(512)],
    ["larger", "c".repeat(70_001)],
  ]);
  if (dialect !== "v7" && dialect !== "ustar") files.set(LONG, "long");
  for (const [name, text] of files) {
    await mkdir(join(directory.path, name, ".."), { recursive: true });
    await writeFile(join(directory.path, name), text);
  }
  await symlink("small", join(directory.path, "link"));
  const out = join(directory.path, "..", `${directory.path.split("/").at(-1)}.tar`);
  const names = [...files.keys(), "link"];
  await run("tar", [`--format=${dialect}`, "-cf", out, "-C", directory.path, ...names]);
  const archive = await readFile(out);
  await run("rm", [out]);
  return { archive, files };
}

function header({ type, size }: { type: string; size: number }): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write("name", 0);
  bytes.write(size.toString(8).padStart(11, "0"), 124);
  bytes.write(type, 156);
  bytes.write("ustar\x0000", 257, "latin1");
  return sign(bytes);
}

function sign(bytes: Buffer): Buffer {
  bytes.write("        ", 148);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

function block(text: string): Buffer {
  const bytes = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  bytes.write(text);
  return bytes;
}
