/**
 * A thread that inspects one layer after the other. It is sent {@link InspectionJob}s, each when the one
 * before is done, and posts {@link InspectionMessage}s, for each job its report last; an error ends the
 * thread with it.
 */
import { on } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { bytesKindOf, KIND_BYTES } from "../layouts/bytes-kind.ts";
import { beginsAsImages, IMAGES_START_BYTES } from "../layouts/compressed-images.ts";
import { LayoutError } from "../layouts/stored-layer.ts";
import { type Digest, Digester, isDigestAlgorithm } from "../oci/digest.ts";
import { analyseStream } from "../recompress/analyse.ts";
import { decodeStream } from "../recompress/decode.ts";
import type { Outcome } from "../recompress/outcome.ts";
import { EngineMemory } from "../recompress/engine-memory.ts";
import { rebuildStream } from "../recompress/rebuild.ts";
import { decodeRecipe, encodeRecipe, type Recipe } from "../recompress/recipe.ts";
import { InspectionFault } from "./inspection-fault.ts";
import type {
  ExactLayer,
  InspectionJob,
  InspectionMessage,
  LayerReport,
  RawLayer,
} from "./layer-report.ts";
import { StreamStart } from "./stream-start.ts";

const READ_BYTES = 1024 * 1024;
/** One layer comes after the other, and its rebuild after its analysis. */
const memory = new EngineMemory();

if (parentPort !== null) {
  for await (const [job] of on(parentPort, "message")) {
    post({ kind: "report", report: await inspect(parseJob(job)) });
  }
}

async function inspect(job: InspectionJob): Promise<LayerReport> {
  await using file = await open(job.path);
  const { head, plainStart, digest, outcome } = await analyse({ file, job });
  const { sizeBytes: streamBytes } = job;
  const isImages = beginsAsImages(plainStart.bytes);
  const bytesKind = bytesKindOf(head.bytes, streamBytes);
  const result = await resultOf(outcome, { digest, file, job });
  return { streamBytes, digest, bytesKind, beginsAsImages: isImages, result };
}

interface Opened {
  readonly file: FileHandle;
  readonly job: InspectionJob;
}

interface Inspected extends Opened {
  readonly digest: Digest;
}

interface Analysis {
  readonly head: StreamStart;
  readonly plainStart: StreamStart;
  readonly digest: Digest;
  readonly outcome: Outcome;
}

async function analyse(opened: Opened): Promise<Analysis> {
  const head = new StreamStart(KIND_BYTES);
  const plainStart = new StreamStart(IMAGES_START_BYTES);
  const digester = new Digester(opened.job.algorithm);
  const analyser = analyseStream((plain) => plainStart.take(plain), memory);
  let isWanted = true;
  for await (const bytes of piecesOf(opened)) {
    head.take(bytes);
    digester.update(bytes);
    if (isWanted) isWanted = analyser.write(bytes);
  }
  return { head, plainStart, digest: digester.digest(), outcome: analyser.end() };
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
async function proveRebuild(recipe: Recipe, inspected: Inspected): Promise<void> {
  const { algorithm, name } = inspected.job;
  const digester = new Digester(algorithm);
  const rebuilder = rebuildStream(recipe, (bytes) => void digester.update(bytes), { memory });
  const decoder = decodeStream((plain) => void rebuilder.write(plain));
  for await (const bytes of piecesOf(inspected)) decoder.write(bytes);
  decoder.end();
  rebuilder.end();
  if (digester.digest() === inspected.digest) return;
  throw new InspectionFault(name, "the rebuilt bytes differ");
}

async function* piecesOf({ file, job }: Opened): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(READ_BYTES);
  for (let read = 0; read < job.sizeBytes;) {
    const wanted = Math.min(READ_BYTES, job.sizeBytes - read);
    const { bytesRead } = await file.read(buffer, 0, wanted, job.offset + read);
    if (bytesRead === 0) {
      throw new LayoutError(`${job.name}: the file became shorter while it was read`);
    }
    read += bytesRead;
    post({ kind: "progress", bytes: bytesRead });
    yield buffer.subarray(0, bytesRead);
  }
}

function post(message: InspectionMessage): void {
  parentPort?.postMessage(message);
}

function parseJob(data: unknown): InspectionJob {
  const { path, name, offset, sizeBytes, algorithm, verify } = { ...emptyJob(), ...objectIn(data) };
  const isText = typeof path === "string" && typeof name === "string";
  const isAlgorithm = typeof algorithm === "string" && isDigestAlgorithm(algorithm);
  if (!isText || !isAlgorithm || typeof verify !== "boolean") {
    throw new TypeError("not an inspection job");
  }
  return { path, name, offset: Number(offset), sizeBytes: Number(sizeBytes), algorithm, verify };
}

function objectIn(data: unknown): object {
  return typeof data === "object" && data !== null ? data : {};
}

function emptyJob(): Record<keyof InspectionJob, unknown> {
  const nothing = undefined;
  return {
    path: nothing,
    name: nothing,
    offset: nothing,
    sizeBytes: nothing,
    algorithm: nothing,
    verify: nothing,
  };
}
