/**
 * Measures what versions of layers take at rest, and prints tables.
 *
 *     node test/dedup/at-rest/run.ts --into DIR [--pair NAME]... [--again] [--table FILE]
 *
 * README.md beside this file says what it needs. What was measured before stands in DIR/at-rest and is not measured
 * again, so a run that was cut off goes on where it was.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { PLAIN_LAYERS, settleLayer, THIRD_LAYERS } from "../../recompress/corpora/plain-layers.ts";
import { listBeside, runForLayer } from "../../recompress/corpora/layer-programs.ts";
import { settleEncoder } from "../../recompress/encoders/build-program.ts";
import { encodeFile } from "../../recompress/encoders/encode-file.ts";
import { encoderNamed } from "../../recompress/encoders/encoder-table.ts";
import { machineText } from "../../recompress/machine.ts";
import { type Beside, besideOthers } from "./beside.ts";
import { measureAtRest, type VersionAtRest } from "./measure.ts";
import {
  type CompressedVersions,
  faultsOf,
  formatAtRest,
  formatBeside,
  formatReport,
  type MeasuredVersions,
} from "./result-table.ts";
import { type Compression, COMPRESSIONS, type Versions, VERSIONS } from "./versions.ts";

interface RunOptions {
  readonly into: string;
  readonly pairs: readonly string[];
  /** Earlier results do not count. */
  readonly isAgain: boolean;
  /** Where the page goes, beside standard output; lists of packages go to a folder beside it. */
  readonly tableFile: string | undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const { pairs } = options;
  const wanted = VERSIONS.filter(({ name }) => pairs.length === 0 || pairs.includes(name));
  const atRest: MeasuredVersions[] = [];
  for (const versions of wanted) atRest.push(await measure(versions, options));
  const measured: MeasuredVersions[] = [];
  for (const one of atRest) {
    measured.push({ ...one, beside: await measureBeside(one.of, options) });
  }
  process.stdout.write(`${formatAtRest(measured)}\n${formatBeside(measured)}`);
  if (options.tableFile !== undefined) await writeReport(options.tableFile, measured, options);
  const faults = measured.flatMap((one) => faultsOf(one));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  return faults.length === 0 ? 0 : 1;
}

function parseOptions(args: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      into: { type: "string" },
      pair: { type: "string", multiple: true, default: [] },
      again: { type: "boolean", default: false },
      table: { type: "string" },
    },
  });
  if (values.into === undefined) throw new TypeError("--into DIR is missing");
  const { into, pair: pairs, again: isAgain, table: tableFile } = values;
  return { into, pairs, isAgain, tableFile };
}

async function measure(of: Versions, options: RunOptions): Promise<MeasuredVersions> {
  const atRest: CompressedVersions[] = [];
  for (const compression of COMPRESSIONS) {
    const { name } = compression;
    const versions = await settled<readonly VersionAtRest[]>(`${of.name}-${name}`, options, () =>
      measureCompressed(of, compression, options.into),
    );
    atRest.push({ compression: name, versions });
  }
  return { of, atRest, beside: [] };
}

async function measureBeside(
  { name, layers }: Versions,
  options: RunOptions,
): Promise<readonly Beside[]> {
  const { into } = options;
  return await settled<readonly Beside[]>(`${name}-beside`, options, async () => {
    const tars: string[] = [];
    for (const layer of layers) tars.push(await settleTar(layer, into));
    await using work = await mkdtempDisposable(join(into, "at-rest", "beside-"));
    return await besideOthers(tars, work.path);
  });
}

async function measureCompressed(
  { layers }: Versions,
  compression: Compression,
  into: string,
): Promise<readonly VersionAtRest[]> {
  const files: string[] = [];
  for (const name of layers) files.push(await settleBlob(name, compression, into));
  return await measureAtRest(files, join(into, "at-rest"));
}

/** What was found before, or is found now. */
async function settled<T>(
  name: string,
  { into, isAgain }: RunOptions,
  find: () => Promise<T>,
): Promise<T> {
  const file = join(into, "at-rest", `${name}.json`);
  if (existsSync(file) && !isAgain) return JSON.parse(await readFile(file, "utf8")) as T;
  await mkdir(dirname(file), { recursive: true });
  const found = await find();
  await writeFile(file, JSON.stringify(found));
  process.stderr.write(`${name} is measured\n`);
  return found;
}

async function settleTar(name: string, into: string): Promise<string> {
  const layer = [...PLAIN_LAYERS, ...THIRD_LAYERS].find((candidate) => candidate.name === name);
  if (layer === undefined) throw new RangeError(`no layer is named '${name}'`);
  return await settleLayer(layer, join(into, "layers"));
}

async function settleBlob(name: string, compression: Compression, into: string): Promise<string> {
  const plainFile = await settleTar(name, into);
  const streamFile = join(into, "at-rest", `${name}.${compression.extension}`);
  if (existsSync(streamFile)) return streamFile;
  const encoder = encoderNamed(compression.encoder);
  const programFolder = join(into, "programs");
  settleEncoder(encoder, programFolder);
  await encodeFile({ encoder, plainFile, streamFile, programFolder });
  return streamFile;
}

async function writeReport(
  tableFile: string,
  measured: readonly MeasuredVersions[],
  { into }: RunOptions,
): Promise<void> {
  const commit = await runForLayer(["git", "rev-parse", "--short", "HEAD"]);
  const facts = {
    date: new Date().toISOString().slice(0, 10),
    commit: commit.trim(),
    machine: machineText(),
    command: "node test/dedup/at-rest/run.ts --into DIR --table FILE",
  };
  await writeFile(tableFile, formatReport(measured, facts));
  const packages = join(dirname(tableFile), "packages");
  await mkdir(packages, { recursive: true });
  for (const name of new Set(measured.flatMap(({ of }) => of.layers))) {
    const list = await readFile(listBeside(join(into, "layers", `${name}.tar`)), "utf8");
    await writeFile(join(packages, `${name}.list`), list.startsWith("{") ? lockedList(list) : list);
  }
}

/** What npm's lock file says, as Debian's packages are listed. */
function lockedList(lockFile: string): string {
  const { packages } = JSON.parse(lockFile) as {
    readonly packages: Readonly<Record<string, { readonly version?: string }>>;
  };
  const rows = Object.entries(packages).map(([path, { version }]) => `${path} ${version ?? ""}`);
  return rows.filter((row) => row.startsWith("node_modules/")).join("\n") + "\n";
}

process.exitCode = await main(process.argv.slice(2));
