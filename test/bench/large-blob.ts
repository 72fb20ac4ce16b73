/**
 * How much memory the registry needs for a blob that is far larger than that, and how fast it is:
 * `node test/bench/large-blob.ts --storage filesystem|s3 [--gib 4] [--alone]`. Prints a table, for the
 * reference registries too where they are installed and it is not to run alone, and exits with 1 when
 * Barge needs more than it may.
 */
import { parseArgs } from "node:util";
import { openBarge } from "../fixtures/barge.ts";
import { openReferenceRegistry } from "../fixtures/reference-registry.ts";
import { MissingTools } from "../real/tools.ts";
import { childProcesses, type MemoryUse, MemoryWatch } from "./memory-watch.ts";
import { type LargeBlob, largeBlob, pull, pushChunked, pushStreamed } from "./transfers.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const CHUNK_BYTES = 64 * MIB;
/** What Barge may need, with 10^6 bytes to the megabyte. */
const TARGET_BYTES = { filesystem: 150e6, s3: 250e6 } as const;

type Storage = keyof typeof TARGET_BYTES;

interface Subject {
  readonly name: string;
  readonly open: (
    resources: AsyncDisposableStack,
  ) => Promise<{ readonly origin: URL; readonly processId: number }>;
}

interface Row extends MemoryUse {
  readonly phase: string;
  readonly bytesPerSecond: number;
}

async function main(): Promise<number> {
  const { storage, sizeBytes, isAlone } = readArguments();
  const blobs = { streamed: largeBlob(1, sizeBytes), chunked: largeBlob(2, sizeBytes) };
  print(`${sizeBytes / GIB} GiB per blob, storage ${storage}\n\n`);
  print("| registry | phase | MB/s | peak RSS by samples, MB | peak RSS by the kernel, MB |\n");
  print("|---|---|--:|--:|--:|\n");
  let peakBytes = 0;
  for (const { name, open } of subjectsFor(storage, isAlone)) {
    await using resources = new AsyncDisposableStack();
    const subject = await openOrSkip(name, () => open(resources));
    if (subject === undefined) continue;
    for await (const row of measure(subject, blobs)) {
      print(formatRow(name, row));
      if (name === "barge") peakBytes = Math.max(peakBytes, row.peakBytes, row.sampledBytes);
    }
  }
  return verdict(peakBytes, TARGET_BYTES[storage]);
}

function readArguments(): {
  readonly storage: Storage;
  readonly sizeBytes: number;
  readonly isAlone: boolean;
} {
  const { values } = parseArgs({
    options: {
      storage: { type: "string" },
      gib: { type: "string", default: "4" },
      alone: { type: "boolean", default: false },
    },
  });
  const { storage, gib, alone } = values;
  if (storage !== "filesystem" && storage !== "s3") {
    throw new Error("--storage must be filesystem or s3");
  }
  return { storage, sizeBytes: Math.round(Number(gib) * GIB), isAlone: alone };
}

/** The reference registries are there to compare with on the filesystem only. */
function subjectsFor(storage: Storage, isAlone: boolean): readonly Subject[] {
  const barge = {
    name: "barge",
    open: (resources: AsyncDisposableStack) => openBarge(resources, { storage }),
  };
  if (storage === "s3" || isAlone) return [barge];
  const references = ([2, 3] as const).map((version) => ({
    name: version === 2 ? "docker-registry 2.8" : "distribution 3",
    open: async (resources: AsyncDisposableStack) => {
      const before = new Set(await childProcesses());
      const { origin } = await openReferenceRegistry(resources, { version });
      const started = (await childProcesses()).filter((id) => !before.has(id));
      return { origin, processId: started[0] ?? 0 };
    },
  }));
  return [barge, ...references];
}

/** What is not installed is left out. */
async function openOrSkip<Opened>(
  name: string,
  open: () => Promise<Opened>,
): Promise<Opened | undefined> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof MissingTools)) throw error;
    print(`| ${name} | not installed | | | |\n`);
    return undefined;
  }
}

async function* measure(
  { origin, processId }: { readonly origin: URL; readonly processId: number },
  { streamed, chunked }: { readonly streamed: LargeBlob; readonly chunked: LargeBlob },
): AsyncGenerator<Row> {
  const phases = [
    ["push, one streamed PATCH", () => pushStreamed(origin, streamed)],
    ["pull", () => pull(origin, streamed)],
    [`push, ${CHUNK_BYTES / MIB} MiB chunks`, () => pushChunked(origin, chunked, CHUNK_BYTES)],
    ["pull", () => pull(origin, chunked)],
  ] as const;
  for (const [phase, run] of phases) {
    const watch = await MemoryWatch.start(processId);
    const startedMs = performance.now();
    await run();
    const seconds = (performance.now() - startedMs) / 1000;
    yield { phase, bytesPerSecond: streamed.sizeBytes / seconds, ...(await watch.stop()) };
  }
}

function formatRow(name: string, { phase, bytesPerSecond, sampledBytes, peakBytes }: Row): string {
  const [rate, sampled, peak] = [bytesPerSecond, sampledBytes, peakBytes].map((bytes) =>
    (bytes / 1e6).toFixed(0),
  );
  return `| ${name} | ${phase} | ${rate} | ${sampled} | ${peak} |\n`;
}

function verdict(peakBytes: number, targetBytes: number): number {
  const isWithin = peakBytes <= targetBytes;
  const [peak, target] = [peakBytes, targetBytes].map((bytes) => (bytes / 1e6).toFixed(0));
  print(`\nbarge: peak ${peak} MB, target ${target} MB: ${isWithin ? "within" : "over"}\n`);
  return isWithin ? 0 : 1;
}

function print(text: string): void {
  process.stdout.write(text);
}

process.exitCode = await main();
