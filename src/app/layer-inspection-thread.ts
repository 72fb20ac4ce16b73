/**
 * A thread that inspects one layer after the other. It is sent {@link InspectionJob}s, each when the one
 * before is done, and posts {@link InspectionMessage}s, for each job its answer last; an error ends the
 * thread with it.
 */
import { on } from "node:events";
import { open } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { Digester } from "../oci/digest.ts";
import { decodeStream } from "../recompress/decode.ts";
import { EngineMemory } from "../recompress/engine-memory.ts";
import type { Outcome } from "../recompress/outcome.ts";
import { rebuildStream } from "../recompress/rebuild.ts";
import { decodeRecipe, encodeRecipe, type Recipe } from "../recompress/recipe.ts";
import { InspectionFault } from "./inspection-fault.ts";
import { type Analysis, analyseLayer } from "./layer-analysis.ts";
import { holdBase } from "./layer-base.ts";
import { bytesOf, type OpenLayer } from "./layer-bytes.ts";
import { compareLayer } from "./layer-comparison.ts";
import {
  type ChunkCount,
  type ExactLayer,
  type InspectionAnswer,
  type InspectionJob,
  type InspectionMessage,
  type InspectJob,
  isInspectionJob,
  type LayerReport,
  type RawLayer,
} from "./layer-report.ts";

/** One layer comes after the other, and its rebuild after its analysis. */
const memory = new EngineMemory();

if (parentPort !== null) {
  for await (const [job] of on(parentPort, "message")) {
    if (!isInspectionJob(job)) throw new TypeError("not an inspection job");
    post(await answerTo(job));
  }
}

async function answerTo(job: InspectionJob): Promise<InspectionAnswer> {
  await using file = await open(job.path);
  const layer = { file, range: job, name: job.name };
  if (job.kind === "inspect") return { kind: "report", report: await inspect(layer, job) };
  await holdBase(layer, job.base, { algorithm: job.algorithm, memory, onRead });
  return { kind: "held" };
}

async function inspect(layer: OpenLayer, job: InspectJob): Promise<LayerReport> {
  const { algorithm, sizeBytes: streamBytes } = job;
  const takeChunks = () => (): void => undefined;
  const analysis = await analyseLayer(layer, { algorithm, memory, onRead, takeChunks });
  const { outcome, chunked, digest, bytesKind, beginsAsImages } = analysis;
  const result = await resultOf(outcome, { layer, job, analysis });
  const recipeBytes = result.kind === "exact" ? result.recipeBytes : 0;
  const base = await compareLayer({ layer, analysis, recipeBytes, onRead }, job.bases);
  const chunks = chunked && countOf(chunked.chunks);
  return { streamBytes, digest, bytesKind, beginsAsImages, result, chunks, base };
}

function countOf(chunks: Iterable<{ readonly sizeBytes: number }>): ChunkCount {
  let count = 0;
  let sizeBytes = 0;
  for (const chunk of chunks) {
    count += 1;
    sizeBytes += chunk.sizeBytes;
  }
  return { count, sizeBytes };
}

interface Inspected {
  readonly layer: OpenLayer;
  readonly job: InspectJob;
  readonly analysis: Analysis;
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

/** @throws {InspectionFault} when the recipe does not bring the stream back */
async function proveRebuild(recipe: Recipe, { layer, job, analysis }: Inspected): Promise<void> {
  const digester = new Digester(job.algorithm);
  const rebuilder = rebuildStream(recipe, (bytes) => void digester.update(bytes), { memory });
  const decoder = decodeStream((plain) => void rebuilder.write(plain));
  for await (const bytes of bytesOf(layer, onRead)) decoder.write(bytes);
  decoder.end();
  rebuilder.end();
  if (digester.digest() === analysis.digest) return;
  throw new InspectionFault(job.name, "the rebuilt bytes differ");
}

function onRead(bytes: number): void {
  post({ kind: "progress", bytes });
}

function post(message: InspectionMessage): void {
  parentPort?.postMessage(message);
}
