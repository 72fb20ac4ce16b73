/** `barge layer inspect`: says who compressed a layer, and what it will cost to move and to keep. */
import { createWriteStream } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { inspectLayers } from "../app/layer-inspection.ts";
import type { LayerReport } from "../app/layer-report.ts";
import { findLayers } from "../layouts/find-layers.ts";
import type { StoredLayer } from "../layouts/stored-layer.ts";
import { bytesText } from "./bytes-text.ts";
import type { Io } from "./io.ts";
import { adviceFor } from "./layer-advice.ts";
import { printJson } from "./print-json.ts";
import { formatTable } from "./table.ts";
import { Interrupted } from "./terminal.ts";

export interface InspectArguments {
  /** Files, folders, or `-` for standard input. At least one. */
  readonly files: readonly string[];
  readonly threads: number;
  /** Whether each recipe is tried by rebuilding the layer. */
  readonly verify: boolean;
  /** Whether a layer that only moves whole makes the exit code 1. */
  readonly requireExact: boolean;
  readonly format: "text" | "json";
}

interface Surroundings {
  readonly stdin: Readable;
  /** Whether a person watches: then progress is shown. */
  readonly isTerminal: boolean;
}

const STDIN = "-";
const PROGRESS_EVERY_MS = 1000;

/**
 * @returns 0, or with `requireExact` 1 when a layer is raw though compressed.
 * @throws {LayoutError} {Interrupted} {Error} of the file system
 */
export async function runInspect(
  args: InspectArguments,
  io: Io,
  { stdin, isTerminal }: Surroundings = { stdin: process.stdin, isTerminal: process.stderr.isTTY },
): Promise<number> {
  await using spool = args.files.includes(STDIN) ? await spooled(stdin) : undefined;
  const layers: StoredLayer[] = [];
  for (const file of args.files) layers.push(...(await layersIn(file, spool)));
  const reports = await inspected(layers, args, { io, isTerminal });
  const rows = layers.map((layer, index) => ({ layer, report: reports[index] }));
  const found = rows.flatMap(({ layer, report }) =>
    report === undefined ? [] : { layer, report },
  );
  if (args.format === "json") printDocument(found, io);
  else printText(found, io);
  return args.requireExact && found.some(({ report }) => movesWhole(report)) ? 1 : 0;
}

interface Found {
  readonly layer: StoredLayer;
  readonly report: LayerReport;
}

interface Spool extends AsyncDisposable {
  readonly file: string;
}

/** A layout is read here and there, which a pipe cannot. */
async function spooled(stdin: Readable): Promise<Spool> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-layer-"));
  const file = join(folder.path, "stdin");
  try {
    await pipeline(stdin, createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return { file, [Symbol.asyncDispose]: async () => await folder.remove() };
}

async function layersIn(file: string, spool: Spool | undefined): Promise<readonly StoredLayer[]> {
  if (file !== STDIN || spool === undefined) return await findLayers(file);
  const found = await findLayers(spool.file);
  return found.map((layer) => ({ ...layer, file: STDIN }));
}

async function inspected(
  layers: readonly StoredLayer[],
  { threads, verify }: InspectArguments,
  { io, isTerminal }: { readonly io: Io; readonly isTerminal: boolean },
): Promise<readonly LayerReport[]> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new Interrupted());
  process.once("SIGINT", onSignal);
  const passes = verify ? 2 : 1;
  const total = layers.reduce((sum, { range }) => sum + range.sizeBytes, 0) * passes;
  const onProgress = isTerminal ? progressTo(io, total) : () => undefined;
  try {
    return await inspectLayers(layers, { threads, verify, signal: stop.signal, onProgress });
  } finally {
    process.off("SIGINT", onSignal);
  }
}

function progressTo({ stderr }: Io, total: number): (bytes: number) => void {
  let read = 0;
  let shownMs = performance.now();
  return (bytes) => {
    read += bytes;
    const nowMs = performance.now();
    if (nowMs - shownMs < PROGRESS_EVERY_MS) return;
    shownMs = nowMs;
    stderr(`${Math.floor((read / total) * 100)} % of ${bytesText(total)} read\n`);
  };
}

/** The shape that scripts rely on. Sizes are bytes; what is not known of a raw layer is left out. */
function printDocument(found: readonly Found[], io: Io): void {
  const document = found.map(({ layer, report }) => ({
    file: layer.file,
    digest: report.digest,
    gzipBytes: report.streamBytes,
    ...membersOf(report),
    advice: adviceFor(report),
  }));
  printJson(document, io);
}

function membersOf({ result }: LayerReport): object {
  if (result.kind === "raw") {
    return { exact: false, reason: result.reason.text, reasonKind: result.reason.kind };
  }
  const { format, findings, recipeBytes, isVerified } = result;
  const { encoder, level, framing, corrections, plainBytes } = findings;
  const who = { format, encoder, level, framing };
  return {
    ...who,
    tarBytes: plainBytes,
    exact: true,
    verified: isVerified,
    corrections,
    recipeBytes,
  };
}

function printText(found: readonly Found[], { stdout }: Io): void {
  const headings = ["LAYER", "SIZE", "TAR", "ENCODER", "LEVEL", "FRAMING", "EXACT", "RECIPE"];
  stdout(formatTable(headings, found.map(rowOf)));
  stdout("\n");
  for (const [sentence, layers] of byAdvice(found)) stdout(`${layers.join(", ")}: ${sentence}\n`);
}

function rowOf({ layer, report }: Found): readonly string[] {
  const { result, streamBytes } = report;
  const start = [nameOf(layer), bytesText(streamBytes)];
  if (result.kind === "raw")
    return [...start, "", "", "", "", `raw, because ${result.reason.text}`];
  const { findings, recipeBytes } = result;
  const { encoder, level, framing, corrections, plainBytes } = findings;
  const exact = corrections === 0 ? "yes" : `yes, with ${corrections} corrections`;
  return [...start, bytesText(plainBytes), encoder, level, framing, exact, bytesText(recipeBytes)];
}

/** Layers with the same advice stand in one line. */
function byAdvice(found: readonly Found[]): ReadonlyMap<string, readonly string[]> {
  const grouped = new Map<string, string[]>();
  for (const { layer, report } of found) {
    const sentence = adviceFor(report);
    grouped.set(sentence, [...(grouped.get(sentence) ?? []), nameOf(layer)]);
  }
  return grouped;
}

/** Within an image the digest tells layers apart; twelve digits are enough for a person. */
function nameOf({ file, digest, range }: StoredLayer): string {
  if (digest !== undefined) return digest.slice(0, "sha256:".length + 12);
  return range.path === file || file === STDIN ? file : `${file}@${range.offset}`;
}

function movesWhole({ result }: LayerReport): boolean {
  return result.kind === "raw" && result.reason.kind !== "not-compressed";
}
