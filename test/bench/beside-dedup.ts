/**
 * How much slower pushes and pulls are while cold blobs give up their data, and how fast these do meanwhile:
 * `node test/bench/beside-dedup.ts [--rounds 5] [--seconds 5] [--part 12] TAR...`.
 *
 * Two servers with the same blobs: one that does nothing else, and one that has a backlog of cold layers, made of
 * the entries of the TARs, in parts of so many MB of tar. In turn one of them has all the load and the other is
 * stopped by a signal. Full load is as much as the clients can get; at half of it they rest as long as they
 * have worked. MB are 10^6 bytes, those of the backlog as it was pushed.
 */
import { mkdir, mkdtempDisposable, readFile, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { blobData } from "../../src/content/layout.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { openBarge, type RunningBarge } from "../fixtures/barge.ts";
import { pushBlob } from "../fixtures/pushing.ts";
import { layerParts } from "./layer-parts.ts";
import { LoadClient } from "./load-client.ts";
import type { Job } from "./load-job.ts";
import { pseudoRandom } from "./pseudo-random.ts";
import { spreadOf } from "./statistics.ts";

const MEGABYTE = 1e6;
const MEBIBYTE = 1024 * 1024;
const NAME = "bench/beside";
const BLOB_BYTES = 8 * MEBIBYTE;
const HOT_BLOBS = 8;
const PULLING_CLIENTS = 8;
const PUSHING_CLIENTS = 4;
/** At half load clients work and rest by turns of this. */
const TURN_MS = 200;
const OLD_SECONDS = 7200;
const WARM_UP_MS = 2000;
const LOADS = ["pulls", "pushes"] as const;
type Load = (typeof LOADS)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    part: { type: "string", default: "12" },
  },
});
const roundMs = Number(values.seconds) * 1000;
const rounds = Number(values.rounds);

/** What one round came to, in MB a second. */
interface Round {
  readonly served: number;
  readonly drained: number;
}

/** A server that can be held still. */
class Contender {
  readonly server: RunningBarge;
  readonly #hot: readonly Digest[];
  readonly #backlog: ReadonlyMap<string, number>;
  readonly #client: LoadClient;

  constructor(
    server: RunningBarge,
    blobs: { readonly hot: readonly Digest[]; readonly backlog: ReadonlyMap<string, number> },
    client: LoadClient,
  ) {
    this.server = server;
    this.#hot = blobs.hot;
    this.#backlog = blobs.backlog;
    this.#client = client;
  }

  hold(): void {
    process.kill(this.server.processId, "SIGSTOP");
  }

  goOn(): void {
    process.kill(this.server.processId, "SIGCONT");
  }

  /** Bytes of the backlog that are not cold yet. */
  get leftBytes(): number {
    const cold = new Set(
      this.server.output
        .filter((line) => line.includes("gave up its data"))
        .map((line) => /sha256:[0-9a-f]{64}/.exec(line)?.[0] ?? ""),
    );
    return [...this.#backlog].reduce(
      (sum, [digest, bytes]) => sum + (cold.has(digest) ? 0 : bytes),
      0,
    );
  }

  /** @param isHalf whether the clients rest as long as they work. */
  async round(load: Load, isHalf: boolean): Promise<Round> {
    const leftBytes = this.leftBytes;
    const startedMs = performance.now();
    let sizeBytes = 0;
    let workedMs = 0;
    do {
      const { sizeBytes: more, elapsedMs } = await this.#client.run(this.#job(load, isHalf));
      sizeBytes += more;
      workedMs += elapsedMs;
      if (isHalf) await delay(elapsedMs);
    } while (performance.now() - startedMs < roundMs);
    const allMs = performance.now() - startedMs;
    return {
      served: rate(sizeBytes, workedMs),
      drained: rate(leftBytes - this.leftBytes, allMs),
    };
  }

  #job(load: Load, isHalf: boolean): Job {
    const { origin } = this.server;
    if (load === "pushes") {
      const blobs = { streams: PUSHING_CLIENTS, sizeBytes: BLOB_BYTES };
      return { kind: "push", origin: origin.origin, repository: NAME, ...blobs };
    }
    const requests = this.#hot.map((digest) => ({
      target: `/v2/${NAME}/blobs/${digest}`,
      status: 200,
      sizeBytes: BLOB_BYTES,
    }));
    const clients = Array.from({ length: PULLING_CLIENTS }, () => requests);
    const durationMs = isHalf ? TURN_MS : roundMs;
    return { kind: "read", origin: origin.origin, clients, durationMs };
  }
}

await main();

async function main(): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-beside-"))).path;
  const client = new LoadClient(resources);
  const alone = await openContender(resources, { folder, client, files: [] });
  const files = await makeBacklog(folder);
  const working = await openContender(resources, { folder, client, files });
  print("| load | alone MB/s | with the backlog MB/s | ratio | backlog MB/s |\n");
  print("|---|--:|--:|--:|--:|\n");
  for (const isHalf of [false, true]) {
    for (const load of LOADS) await compare(load, { alone, working, isHalf });
  }
  print(`\n${(working.leftBytes / MEGABYTE).toFixed(0)} MB of the backlog were left.\n`);
}

interface Sides {
  readonly alone: Contender;
  readonly working: Contender;
}

async function compare(
  load: Load,
  { alone, working, isHalf }: Sides & { readonly isHalf: boolean },
): Promise<void> {
  const apart: Round[] = [];
  const beside: Round[] = [];
  for (let left = rounds; left > 0; left -= 1) {
    apart.push(await only(alone, () => alone.round(load, isHalf)));
    beside.push(await only(working, () => working.round(load, isHalf)));
  }
  row(isHalf ? `${load}, half of full load` : load, apart, beside);
}

/** The others are held still anyway. */
async function only<T>(contender: Contender, act: () => Promise<T>): Promise<T> {
  contender.goOn();
  try {
    await delay(WARM_UP_MS);
    return await act();
  } finally {
    contender.hold();
  }
}

function row(name: string, apart: readonly Round[], beside: readonly Round[]): void {
  const served = (some: readonly Round[]): number =>
    spreadOf(some.map((round) => round.served)).median;
  const drained = spreadOf(beside.map((round) => round.drained)).median;
  const ratio = served(beside) / served(apart);
  const figures = [served(apart), served(beside)].map((figure) => figure.toFixed(0));
  print(`| ${name} | ${figures.join(" | ")} | ${ratio.toFixed(2)} | ${drained.toFixed(1)} |\n`);
}

async function makeBacklog(folder: string): Promise<readonly string[]> {
  const partBytes = Number(values.part) * MEGABYTE;
  const files: string[] = [];
  for (const tar of positionals) {
    const name = basename(tar, ".tar");
    files.push(...(await layerParts(tar, { folder, name, partBytes })));
  }
  return files;
}

interface ContenderParts {
  readonly folder: string;
  readonly client: LoadClient;
  /** Of the backlog; without one nothing is worked at. */
  readonly files: readonly string[];
}

/** @returns one that is held still. */
async function openContender(
  resources: AsyncDisposableStack,
  { folder, client, files }: ContenderParts,
): Promise<Contender> {
  const isWorking = files.length > 0;
  const home = join(folder, isWorking ? "working" : "alone");
  const state = { directory: join(home, "state") };
  await mkdir(state.directory, { recursive: true });
  const rootDirectory = join(home, "data");
  const sections = (dedup: object): object => ({ barge: { auth: "open", state, dedup } });
  const open = async (dedup: object): Promise<RunningBarge> => {
    const settings = { rootDirectory, sections: { ...sections(dedup) } };
    return await openBarge(resources, { storage: "filesystem", ...settings });
  };
  const pushed = await open({ mode: "off" });
  const hot: Digest[] = [];
  for (let seed = 1; seed <= HOT_BLOBS; seed += 1) {
    const bytes = Buffer.concat([...pseudoRandom(seed, { lengthBytes: BLOB_BYTES })].map(copyOf));
    hot.push(await pushBlob(pushed.origin, NAME, bytes));
  }
  const backlog = new Map<string, number>();
  for (const file of files) {
    const digest = await pushBlob(pushed.origin, NAME, await readFile(file));
    backlog.set(digest, (await stat(file)).size);
    const longAgo = Date.now() / 1000 - OLD_SECONDS;
    await utimes(join(rootDirectory, blobData(digest)), longAgo, longAgo);
  }
  if (!isWorking) return held(resources, new Contender(pushed, { hot, backlog }, client));
  await pushed.stop();
  const server = await open({ mode: "at-rest", cold: "1h" });
  return held(resources, new Contender(server, { hot, backlog }, client));
}

/** A server that is held still does not hear that it should end. */
function held(resources: AsyncDisposableStack, contender: Contender): Contender {
  resources.defer(() => contender.goOn());
  contender.hold();
  return contender;
}

function copyOf(bytes: Buffer): Buffer {
  return Buffer.from(bytes);
}

function rate(sizeBytes: number, elapsedMs: number): number {
  return sizeBytes / MEGABYTE / (elapsedMs / 1000);
}

function print(text: string): void {
  process.stdout.write(text);
}
