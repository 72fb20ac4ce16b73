/**
 * How fast one compressed layer is analysed and rebuilt: `node test/bench/rebuild.ts [--typescript] STREAM [PLAIN]`.
 *
 * With `--typescript` the engines in WebAssembly are switched off. One thread does all; what several come to with
 * layers that are cold, `cold-pull.ts` tells.
 * PLAIN is the layer as tar; without it, it is decompressed into a temporary file first.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtempDisposable, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv } from "node:process";
import { analyseStream } from "../../src/recompress/analyse.ts";
import { decodeStream } from "../../src/recompress/decode.ts";
import type { Findings } from "../../src/recompress/outcome.ts";
import { decodeRecipe, encodeRecipe } from "../../src/recompress/recipe.ts";
import { rebuildStream } from "../../src/recompress/rebuild.ts";
import { planRebuild } from "../../src/recompress/rebuild-plan.ts";

const READ_BYTES = 1024 * 1024;

const isPortable = argv.includes("--typescript");
const [stream, plain] = argv.slice(2).filter((one) => one !== "--typescript");
if (stream === undefined) throw new TypeError("usage: rebuild.ts [--typescript] STREAM [PLAIN]");
// Everything is loaded by now: stripping types takes WebAssembly, too.
if (isPortable) Reflect.set(globalThis, "WebAssembly", undefined);
await using folder = await mkdtempDisposable(join(tmpdir(), "barge-bench-"));
await measure(stream, plain ?? (await decompressed(stream, join(folder.path, "plain"))));

async function measure(streamFile: string, plainFile: string): Promise<void> {
  const hash = createHash("sha256");
  const startedMs = performance.now();
  const analyser = analyseStream(() => undefined);
  for await (const bytes of piecesOf(streamFile)) {
    hash.update(bytes);
    analyser.write(bytes);
  }
  const outcome = analyser.end();
  const elapsedMs = performance.now() - startedMs;
  if (outcome.kind === "raw") throw new Error(`raw, because ${outcome.reason.text}`);
  say("analyse", outcome.findings, elapsedMs);
  const recipe = encodeRecipe(outcome.recipe);
  const pieces = planRebuild(outcome.recipe).length;
  const { encoder, level, framing, corrections } = outcome.findings;
  process.stdout.write(
    `  ${encoder}, ${level}, ${framing}; ${corrections} corrections, recipe ${recipe.length} B, ${pieces} pieces\n`,
  );
  const digest = hash.digest("hex");
  const { sizeBytes, elapsedMs: rebuiltMs, hex } = await rebuilt(recipe, plainFile);
  say("rebuild", outcome.findings, rebuiltMs);
  if (hex !== digest) throw new Error(`other bytes came out, ${sizeBytes} of them`);
}

async function rebuilt(
  recipe: Uint8Array,
  path: string,
): Promise<{ sizeBytes: number; elapsedMs: number; hex: string }> {
  const hash = createHash("sha256");
  const startedMs = performance.now();
  let sizeBytes = 0;
  const rebuilder = rebuildStream(decodeRecipe(recipe), (bytes) => {
    hash.update(bytes);
    sizeBytes += bytes.length;
  });
  for await (const bytes of piecesOf(path)) rebuilder.write(bytes);
  rebuilder.end();
  return { sizeBytes, elapsedMs: performance.now() - startedMs, hex: hash.digest("hex") };
}

async function decompressed(path: string, to: string): Promise<string> {
  await using file = await open(to, "w");
  const waiting: Uint8Array[] = [];
  const decoder = decodeStream((bytes) => waiting.push(new Uint8Array(bytes)));
  for await (const bytes of piecesOf(path)) {
    decoder.write(bytes);
    for (const one of waiting.splice(0)) await file.write(one);
  }
  decoder.end();
  return to;
}

function piecesOf(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: READ_BYTES });
}

function say(what: string, { plainBytes }: Findings, elapsedMs: number): void {
  const megabytes = plainBytes / 1e6;
  const rate = (megabytes / elapsedMs) * 1000;
  process.stdout.write(
    `${what.padEnd(20)} ${rate.toFixed(1)} MB/s of ${megabytes.toFixed(1)} MB\n`,
  );
}
