/**
 * A thread that inspects one layer and ends. It is given an {@link InspectionJob} as its data and posts
 * {@link InspectionMessage}s, the report last; an error ends the thread with it.
 */
import { type FileHandle, open } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { type Digest, Digester } from "../oci/digest.ts";
import { analyseStream } from "../recompress/analyse.ts";
import type { Outcome } from "../recompress/outcome.ts";
import { rebuildStream } from "../recompress/rebuild.ts";
import { decodeRecipe, encodeRecipe, type Recipe } from "../recompress/recipe.ts";
import type {
  ExactLayer,
  InspectionJob,
  InspectionMessage,
  LayerReport,
  RawLayer,
} from "./layer-report.ts";

const READ_BYTES = 1024 * 1024;

parentPort?.postMessage({ kind: "report", report: await inspect(parseJob(workerData)) });

async function inspect(job: InspectionJob): Promise<LayerReport> {
  const startedMs = performance.now();
  await using file = await open(job.path);
  const { digest, outcome } = await analyse(file, job);
  const result = await resultOf(outcome, { digest, file, job });
  const seconds = (performance.now() - startedMs) / 1000;
  return { streamBytes: job.sizeBytes, digest, seconds, result };
}

interface Inspected {
  readonly digest: Digest;
  readonly file: FileHandle;
  readonly job: InspectionJob;
}

async function analyse(
  file: FileHandle,
  job: InspectionJob,
): Promise<{ digest: Digest; outcome: Outcome }> {
  const digester = new Digester("sha256");
  const analyser = analyseStream(() => undefined);
  let isWanted = true;
  for await (const bytes of piecesOf(file, job)) {
    digester.update(bytes);
    if (isWanted) isWanted = analyser.write(bytes);
  }
  return { digest: digester.digest(), outcome: analyser.end() };
}

async function resultOf(outcome: Outcome, inspected: Inspected): Promise<ExactLayer | RawLayer> {
  if (outcome.kind === "raw") return outcome;
  const recipe = encodeRecipe(outcome.recipe);
  const { verify } = inspected.job;
  // Only what would be read back from the disk proves anything.
  if (verify) await proveRebuild(decodeRecipe(recipe), inspected);
  const { findings } = outcome;
  const { format } = outcome.recipe;
  return { kind: "exact", format, findings, recipeBytes: recipe.length, isVerified: verify };
}

/** @throws {Error} when the recipe does not bring the stream back: a defect of this program. */
async function proveRebuild(recipe: Recipe, { digest, file, job }: Inspected): Promise<void> {
  const digester = new Digester("sha256");
  const rebuilder = rebuildStream(recipe, (bytes) => void digester.update(bytes));
  const analyser = analyseStream((plain) => rebuilder.write(plain));
  for await (const bytes of piecesOf(file, job)) analyser.write(bytes);
  analyser.end();
  rebuilder.end();
  if (digester.digest() === digest) return;
  throw new Error(`${job.path}: the rebuilt bytes differ; please report this, with the layer`);
}

async function* piecesOf(file: FileHandle, job: InspectionJob): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(READ_BYTES);
  for (let read = 0; read < job.sizeBytes;) {
    const wanted = Math.min(READ_BYTES, job.sizeBytes - read);
    const { bytesRead } = await file.read(buffer, 0, wanted, job.offset + read);
    if (bytesRead === 0) throw new Error(`${job.path}: the file became shorter while it was read`);
    read += bytesRead;
    post({ kind: "progress", bytes: bytesRead });
    yield buffer.subarray(0, bytesRead);
  }
}

function post(message: InspectionMessage): void {
  parentPort?.postMessage(message);
}

function parseJob(data: unknown): InspectionJob {
  if (typeof data !== "object" || data === null) throw new TypeError("not an inspection job");
  const { path, offset, sizeBytes, verify } = { ...emptyJob(), ...data };
  if (typeof path !== "string" || typeof verify !== "boolean") {
    throw new TypeError("not an inspection job");
  }
  return { path, offset: Number(offset), sizeBytes: Number(sizeBytes), verify };
}

function emptyJob(): Record<keyof InspectionJob, unknown> {
  return { path: undefined, offset: undefined, sizeBytes: undefined, verify: undefined };
}
