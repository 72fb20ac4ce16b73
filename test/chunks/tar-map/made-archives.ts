import { execFile } from "node:child_process";
import {
  link,
  mkdir,
  mkdtempDisposable,
  open,
  readFile,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const DIALECTS = ["v7", "ustar", "gnu", "pax"] as const;
const LONG_NAME = `${"deep/".repeat(30)}file-with-a-name-that-is-long.txt`;
/** Fits ustar's prefix and name. */
export const MIDDLE_NAME = `${"part/".repeat(20)}a-file-in-the-middle`;

/** An archive of the tar on this machine, and the files that are in it. */
export interface SystemArchive {
  readonly bytes: Buffer;
  readonly files: ReadonlyMap<string, string>;
}

export async function systemTar(
  dialect: (typeof DIALECTS)[number],
  options: readonly string[] = [],
): Promise<SystemArchive> {
  await using directory = await mkdtempDisposable(join(tmpdir(), "tar-map-"));
  const root = join(directory.path, "root");
  const files = new Map([
    ["bin/small", "a few bytes"],
    ["bin/empty", ""],
    ["bin/block", "b".repeat(512)],
    ["lib/larger", "c".repeat(70_001)],
  ]);
  if (dialect !== "v7") files.set(MIDDLE_NAME, "middle");
  if (dialect === "gnu" || dialect === "pax") files.set(LONG_NAME, "long");
  for (const [name, text] of files) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  await symlink("small", join(root, "bin/link"));
  await link(join(root, "bin/small"), join(root, "bin/twin"));
  await holedFile(join(root, "lib/zz-sparse"));
  const out = join(directory.path, "out.tar");
  await run("tar", [`--format=${dialect}`, ...options, "--sort=name", "-cf", out, "-C", root, "."]);
  return { bytes: await readFile(out), files };
}

/** Pieces of data with holes between, more than the first block of a sparse file's map can hold. */
async function holedFile(path: string): Promise<void> {
  await using file = await open(path, "w");
  for (let index = 0; index < 40; index++) await file.write("data", index * 16_384);
}

/** What a header made by hand holds; the rest is as GNU tar writes it. */
export interface HandHeader {
  readonly name?: string;
  readonly prefix?: string;
  readonly type?: string;
  readonly link?: string;
  readonly size?: number;
  /** In place of the size in octal. */
  readonly sizeField?: string;
  readonly time?: number;
  readonly timeField?: string;
  readonly mode?: number;
  readonly magic?: string;
  /** @param sum of the block. Six digits, a NUL and a space where it is left out. */
  readonly checksum?: (sum: number) => string;
}

export function header(told: HandHeader): Buffer {
  const full = { ...PLAIN_HEADER, ...told };
  const block = Buffer.alloc(512);
  const put = (at: number, text: string): number => block.write(text, at, "latin1");
  put(0, full.name);
  put(100, `${octal(full.mode, 7)}\0`);
  put(108, "0000000\u00000000000\0");
  put(124, full.sizeField ?? `${octal(full.size, 11)}\0`);
  put(136, full.timeField ?? `${octal(full.time, 11)}\0`);
  put(156, full.type);
  put(157, full.link);
  put(257, full.magic);
  put(265, "root");
  put(297, "root");
  put(345, full.prefix);
  return signed(block, told.checksum);
}

const PLAIN_HEADER = {
  name: "name",
  prefix: "",
  type: "0",
  link: "",
  size: 0,
  time: 1_700_000_000,
  mode: 0o644,
  magic: "ustar\u000000",
};

/** Puts the right sum into a block, in place. */
export function signed(
  block: Buffer,
  form = (sum: number): string => `${octal(sum, 6)}\0 `,
): Buffer {
  block.write("        ", 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(form(sum), 148, "latin1");
  return block;
}

/** A header with its body and padding. */
export function entry(told: HandHeader, body: string | Uint8Array = ""): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([header({ size: bytes.length, ...told }), bytes, padding(bytes.length)]);
}

/** The extended header of pax before an entry. */
export function pax(records: Readonly<Record<string, string>>, name = "d/PaxHeaders.0/f"): Buffer {
  const body = Object.entries(records)
    .map(([key, value]) => record(` ${key}=${value}\n`))
    .join("");
  return entry({ type: "x", name }, Buffer.from(body, "latin1"));
}

function record(rest: string): string {
  let length = rest.length;
  while (length !== rest.length + String(length).length) length += 1;
  return `${length}${rest}`;
}

/** GNU's header for a name (`L`) or a link (`K`) that is long. */
export function longName(text: string, type: "L" | "K" = "L"): Buffer {
  return entry(
    { type, name: "././@LongLink", magic: "ustar  ", timeField: octal(0, 11) },
    `${text}\0`,
  );
}

function padding(sizeBytes: number): Buffer {
  return Buffer.alloc((512 - (sizeBytes % 512)) % 512);
}

export const ARCHIVE_END = Buffer.alloc(1024);

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
