/** What other programs that keep versions of data once take for the same versions, uncompressed. */
import { open, rm, stat } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename, join } from "node:path";
import { env } from "node:process";
import { bytesBelow } from "./cold-store.ts";

const KEPT_COMPLAINT_CHARACTERS = 2000;

export interface Beside {
  readonly name: string;
  /** After each version, as far as it was tried. */
  readonly takenBytes: readonly number[];
}

/** @param folder for work files; those that were there go @throws {Error} when a program is missing or fails. */
export async function besideOthers(
  tars: readonly string[],
  folder: string,
): Promise<readonly Beside[]> {
  return [
    await withBup(tars, folder, []),
    await withBup(tars, folder, ["-9"]),
    await withCasync(tars, folder, 65_536),
    await withCasync(tars, folder, 16_384),
    await withPatches(tars, folder),
  ];
}

/** Its packs alone, without what it finds things by. */
async function withBup(
  tars: readonly string[],
  folder: string,
  level: readonly string[],
): Promise<Beside> {
  const repository = join(folder, "bup");
  await rm(repository, { recursive: true, force: true });
  const settings = { env: { ...env, BUP_DIR: repository } };
  await run(["bup", "init"], settings);
  const takenBytes: number[] = [];
  for (const tar of tars) {
    await run(["bup", "split", "-q", ...level, "-n", "layer"], { ...settings, input: tar });
    takenBytes.push(await bytesBelow(join(repository, "objects/pack"), ".pack"));
  }
  await rm(repository, { recursive: true });
  return { name: ["bup split", ...level].join(" "), takenBytes };
}

async function withCasync(
  tars: readonly string[],
  folder: string,
  chunkBytes: number,
): Promise<Beside> {
  const store = join(folder, "casync");
  await rm(store, { recursive: true, force: true });
  const takenBytes: number[] = [];
  for (const tar of tars) {
    const index = join(store, `${basename(tar)}.caibx`);
    const chunks = join(store, "default.castr");
    await run(["mkdir", "-p", store], {});
    await run(
      ["casync", "make", `--store=${chunks}`, `--chunk-size=${chunkBytes}`, index, tar],
      {},
    );
    takenBytes.push(await bytesBelow(store));
  }
  await rm(store, { recursive: true });
  return { name: `casync ${chunkBytes / 1024}k`, takenBytes };
}

/** The first version as `zstd -19` has it, and the second one as a patch of it. */
async function withPatches(tars: readonly string[], folder: string): Promise<Beside> {
  const output = join(folder, "patch.zst");
  const takenBytes: number[] = [];
  let sumBytes = 0;
  for (const [index, tar] of tars.slice(0, 2).entries()) {
    const before = tars[index - 1];
    const from = before === undefined ? [] : [`--patch-from=${before}`];
    await run(["zstd", "-q", "-f", "-19", "--long=28", ...from, tar, "-o", output], {});
    sumBytes += (await stat(output)).size;
    takenBytes.push(sumBytes);
  }
  await rm(output);
  return { name: "zstd -19 --patch-from", takenBytes };
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** The file that is its standard input. */
  readonly input?: string;
}

async function run(
  [program, ...args]: readonly [string, ...string[]],
  options: RunOptions,
): Promise<void> {
  await using input = await open(options.input ?? "/dev/null");
  const child = spawn(program, args, { env: options.env, stdio: [input.fd, "ignore", "pipe"] });
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-KEPT_COMPLAINT_CHARACTERS);
  });
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${complaint}`);
}
