/**
 * Rebuilds large layers as real tools and encoders compress them, and prints a table.
 *
 *     node test/recompress/corpora/run.ts --into DIR [--layer NAME]... [--stream NAME]... [--all] [--keep] [--again]
 *         [--strict] [--table FILE]
 *
 * README.md beside this file says what it makes, and how long it takes. What was measured before stands in
 * DIR/results and is not measured again, so a run that was cut off goes on where it was.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { type PlainLayer, PLAIN_LAYERS, settleLayer } from "./plain-layers.ts";
import { machineText } from "../machine.ts";
import {
  faultsOf,
  formatReport,
  formatResults,
  type Result,
  type RunFacts,
} from "./result-table.ts";
import { decompressFile, type StreamMaker, streamMakers } from "./stream-makers.ts";

/** The layer that every encoder gets, not only the common ones. */
const FULL_LAYER = "debian-min-1";
/** As `deploy/barge` starts Node. */
const AS_LAUNCHED = ["--max-semi-space-size=1"];
const MEASURE_ONE = fileURLToPath(new URL("measure-one.ts", import.meta.url));

interface RunOptions {
  readonly into: string;
  readonly layers: readonly PlainLayer[];
  readonly streams: readonly string[];
  /** Every encoder on every layer. */
  readonly isAll: boolean;
  /** Streams stay in DIR/streams. */
  readonly isKeeping: boolean;
  /** Earlier results do not count. */
  readonly isAgain: boolean;
  /** What this machine cannot make is a failure. */
  readonly isStrict: boolean;
  /** Where the table goes, beside standard output. */
  readonly tableFile: string | undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const makers = streamMakers(join(options.into, "programs"));
  const results: Result[] = [];
  const failures: string[] = [];
  const leftOut = new Set<string>();
  const wanted = options.layers.flatMap((layer) =>
    makers
      .filter((maker) => isWanted(maker, layer, options))
      .map((maker) => [layer, maker] as const),
  );
  for (const [layer, maker] of wanted) {
    try {
      const result = await settleResult(layer, maker, options);
      if (result === undefined) leftOut.add(maker.name);
      else results.push(result);
    } catch (error) {
      failures.push(`${layer.name} ${maker.name} could not be measured: ${String(error)}`);
    }
  }
  process.stdout.write(formatResults(results));
  const faults = [...results.flatMap((result) => faultsOf(result)), ...failures];
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (options.tableFile !== undefined) {
    const facts = factsOf(args, { leftOut: [...leftOut], faults });
    await writeFile(options.tableFile, formatReport(results, facts));
  }
  return faults.length === 0 && !(options.isStrict && leftOut.size > 0) ? 0 : 1;
}

function factsOf(args: readonly string[], found: Pick<RunFacts, "leftOut" | "faults">): RunFacts {
  return {
    ...found,
    date: new Date().toISOString().slice(0, 10),
    machine: machineText(),
    command: ["node test/recompress/corpora/run.ts", ...args.map(withoutFolder)].join(" "),
  };
}

/** Where things are on this machine tells nothing to anybody else. */
function withoutFolder(argument: string, index: number, args: readonly string[]): string {
  return args[index - 1] === "--into" ? "DIR" : argument;
}

function parseOptions(args: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      into: { type: "string" },
      layer: { type: "string", multiple: true, default: [] },
      stream: { type: "string", multiple: true, default: [] },
      all: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      again: { type: "boolean", default: false },
      strict: { type: "boolean", default: false },
      table: { type: "string" },
    },
  });
  if (values.into === undefined) throw new TypeError("--into DIR is missing");
  const { layer: names, stream: streams } = values;
  const layers = PLAIN_LAYERS.filter(({ name }) => names.length === 0 || names.includes(name));
  const flags = { isAll: values.all, isKeeping: values.keep, isAgain: values.again };
  const report = { isStrict: values.strict, tableFile: values.table };
  return { into: values.into, layers, streams, ...flags, ...report };
}

function isWanted(maker: StreamMaker, layer: PlainLayer, { streams, isAll }: RunOptions): boolean {
  if (streams.length > 0) return streams.some((pattern) => matches(maker.name, pattern));
  return isAll || maker.isCommon || layer.name === FULL_LAYER;
}

/** A name, or its start with a star. */
function matches(name: string, pattern: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

async function settleResult(
  layer: PlainLayer,
  maker: StreamMaker,
  options: RunOptions,
): Promise<Result | undefined> {
  const resultFile = join(options.into, "results", layer.name, `${maker.name}.json`);
  if (existsSync(resultFile) && !options.isAgain) {
    return JSON.parse(await readFile(resultFile, "utf8")) as Result;
  }
  if (!maker.settle()) {
    process.stderr.write(`${maker.name} is not on this machine and is left out\n`);
    return undefined;
  }
  const measured = await measure(await settleLayer(layer, join(options.into, "layers")), maker, {
    folder: join(options.into, "streams", layer.name),
    isKeeping: options.isKeeping,
  });
  const { name: stream, hasModel } = maker;
  const result = { layer: layer.name, stream, hasModel, ...measured };
  await mkdir(join(options.into, "results", layer.name), { recursive: true });
  await writeFile(resultFile, JSON.stringify(result));
  process.stderr.write(`${layer.name} ${stream}\n`);
  return result;
}

async function measure(
  layerFile: string,
  maker: StreamMaker,
  { folder, isKeeping }: { readonly folder: string; readonly isKeeping: boolean },
): Promise<Pick<Result, "measurement" | "memoryBytes">> {
  await mkdir(folder, { recursive: true });
  const streamFile = join(folder, `${maker.name}.${maker.format === "gzip" ? "gz" : "zst"}`);
  const ownPlainFile = `${streamFile}.plain`;
  try {
    if (!existsSync(streamFile)) {
      await maker.make({ layerFile, streamFile: `${streamFile}.new` });
      await rename(`${streamFile}.new`, streamFile);
    }
    if (!maker.keepsPlain)
      await decompressFile(maker.format, { streamFile, plainFile: ownPlainFile });
    const plainFile = maker.keepsPlain ? layerFile : ownPlainFile;
    const args = [...AS_LAUNCHED, MEASURE_ONE, streamFile, plainFile];
    const { stdout } = await promisify(execFile)(execPath, args);
    return JSON.parse(stdout) as Pick<Result, "measurement" | "memoryBytes">;
  } finally {
    await rm(ownPlainFile, { force: true });
    if (!isKeeping) await rm(streamFile, { force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
