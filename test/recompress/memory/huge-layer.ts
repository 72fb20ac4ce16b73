/**
 * `node test/recompress/memory/huge-layer.ts [--encoder go-1.26-6] [--gigabytes 10] [--limit 200] [--programs DIR]
 * [--layers DIR]`: analyses and rebuilds a layer that is larger than memory, in this one process, and prints speeds and the
 * largest memory of it. It fails when that is more MB than the limit, or the rebuilt stream is another.
 *
 * Nothing is kept on disk but the encoder, which is built in DIR if it is a Go program that the machine lacks:
 * the layer is made up anew for each pass and compressed by the real encoder, all in pipes. 10 GB take half an
 * hour with the slower encoders. Several runs are faster with `--layers`, a directory that keeps the made-up
 * layers from run to run.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, openSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { analyseStream } from "../../../src/recompress/analyse.ts";
import { EngineMemory } from "../../../src/recompress/engine-memory.ts";
import { rebuildStream } from "../../../src/recompress/rebuild.ts";
import { decodeRecipe, encodeRecipe } from "../../../src/recompress/recipe.ts";
import { settleEncoder } from "../encoders/build-program.ts";
import { encoderCommand } from "../encoders/encode-file.ts";
import { encoderNamed } from "../encoders/encoder-table.ts";

const GIGABYTE = 1e9;
const MEGABYTE = 1e6;
const MAKE_LAYER = fileURLToPath(new URL("make-layer.ts", import.meta.url));
const { values } = parseArgs({
  options: {
    encoder: { type: "string", default: "go-1.26-6" },
    gigabytes: { type: "string", default: "10" },
    limit: { type: "string", default: "200" },
    programs: { type: "string", default: join(tmpdir(), "barge-encoders") },
    layers: { type: "string" },
  },
});
const engineMemory = new EngineMemory();
const sizeBytes = Number(values.gigabytes) * GIGABYTE;
const encoder = encoderNamed(values.encoder);
if (!encoder.keepsPlain) throw new Error(`${encoder.name} changes the tar, which is not kept here`);
if (!settleEncoder(encoder, values.programs)) {
  throw new Error(`${encoder.name} is not on this machine`);
}
const analysed = await analyse();
process.stdout.write(`analysed: ${speed(analysed.ms)}, ${memory()}\n`);
const startedMs = performance.now();
const digest = await rebuild(analysed.recipe);
process.stdout.write(`rebuilt: ${speed(performance.now() - startedMs)}, ${memory()}\n`);
process.stdout.write(`recipe ${analysed.recipe.length} bytes for a stream of ${analysed.bytes}\n`);
if (digest !== analysed.digest) throw new Error("the rebuilt stream differs");
if (!(memoryBytes() <= Number(values.limit) * MEGABYTE)) {
  process.stderr.write(`${encoder.name} took more than ${values.limit} MB of memory\n`);
  process.exitCode = 1;
}

/** The stream comes through a pipe; how long the encoder takes counts too. */
async function analyse(): Promise<{
  recipe: Uint8Array;
  digest: string;
  bytes: number;
  ms: number;
}> {
  const [file, ...args] = encoderCommand(encoder, values.programs) ?? [];
  if (file === undefined) throw new Error(`${encoder.name} is not on this machine`);
  const started = performance.now();
  const child = spawn(file, args, { stdio: [makeLayer(), "pipe", "inherit"] });
  const hash = createHash("sha256");
  const analyser = analyseStream(() => undefined, engineMemory);
  let bytes = 0;
  for await (const piece of piecesOf(child.stdout)) {
    hash.update(piece);
    bytes += piece.length;
    if (!analyser.write(piece)) break;
  }
  const outcome = analyser.end();
  if (outcome.kind === "raw") throw new Error(`raw, because ${outcome.reason.text}`);
  const recipe = encodeRecipe(outcome.recipe);
  return { recipe, digest: hash.digest("hex"), bytes, ms: performance.now() - started };
}

async function rebuild(recipe: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  const rebuilder = rebuildStream(decodeRecipe(recipe), (bytes) => void hash.update(bytes), {
    memory: engineMemory,
  });
  for await (const piece of piecesOf(makeLayer())) rebuilder.write(piece);
  rebuilder.end();
  return hash.digest("hex");
}

/** @returns the plain bytes, which another process makes, or has made for an earlier run. */
function makeLayer(): Readable {
  const kind = encoder.takes === "tar" ? ["tar"] : [];
  const args = [MAKE_LAYER, String(sizeBytes), ...kind];
  if (values.layers === undefined) {
    return spawn(execPath, args, { stdio: ["ignore", "pipe", "inherit"] }).stdout;
  }
  const file = join(values.layers, `${["layer", sizeBytes, ...kind].join("-")}.tar`);
  if (!existsSync(file)) keepLayer(file, args);
  return spawn("cat", [file], { stdio: ["ignore", "pipe", "inherit"] }).stdout;
}

function keepLayer(file: string, args: readonly string[]): void {
  const unfinished = `${file}.part`;
  const { status } = spawnSync(execPath, args, {
    stdio: ["ignore", openSync(unfinished, "w"), "inherit"],
  });
  if (status !== 0) throw new Error("the layer could not be made");
  renameSync(unfinished, file);
}

async function* piecesOf(pipe: Readable): AsyncGenerator<Uint8Array> {
  for await (const piece of pipe) {
    if (!(piece instanceof Uint8Array)) throw new TypeError("a pipe gives bytes");
    yield piece;
  }
}

function speed(ms: number): string {
  return `${(sizeBytes / 1000 / ms).toFixed(1)} MB/s with the waiting for those who make it`;
}

function memory(): string {
  return `at most ${(memoryBytes() / MEGABYTE).toFixed(0)} MB of memory`;
}

function memoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
