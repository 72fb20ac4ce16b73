/** Servers as processes on one store, one after the other or side by side; its blobs go cold at once. */
import { mkdir, mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { blobData, blobRecipe } from "../../../src/content/layout.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import type { StorageDriver } from "../../../src/storage/storage-driver.ts";
import { openStorageDriver } from "../../../storage-drivers/index.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { openBarge, type RunningBarge } from "../../fixtures/barge.ts";
import { plainRequest, RawClosed, sendRaw } from "../../fixtures/raw-http.ts";

export const REPOSITORY = "faults/layers";

const COLD_AT_ONCE = { mode: "at-rest", cold: "0s", threads: 1, diskFloor: 0 };

export interface FaultStore {
  /** The config of its servers. */
  readonly config: string;
  /** Of its servers; survives them. */
  readonly stateDirectory: string;
  /** The store itself, behind the servers' back. */
  readonly driver: StorageDriver;
  /** Starts a server with that config. */
  start(): Promise<FaultServer>;
}

/** Dispose ends it as an operator does, unless it is gone. */
export interface FaultServer extends AsyncDisposable {
  readonly origin: URL;
  /** Every line that it has written so far. */
  readonly output: readonly string[];
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
}

/** What a pull came to. */
export interface Pulled {
  /** 0 when not even the head of an answer came. */
  readonly status: number;
  /** Whether all came that was announced. */
  readonly isWhole: boolean;
  readonly body: Buffer;
}

/** @param resources removes the store at the end. No server runs when it resolves. */
export async function openFaultStore(
  resources: AsyncDisposableStack,
  storage: "filesystem" | "s3",
): Promise<FaultStore> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-faults-"))).path;
  const stateDirectory = join(folder, "state");
  await mkdir(stateDirectory, { mode: 0o700 });
  const barge = { dedup: COLD_AT_ONCE, state: { directory: stateDirectory } };
  const { config, stop } = await openBarge(resources, { storage, sections: { barge } });
  await stop();
  const driver = resources.use(await driverOf(config));
  return { config, stateDirectory, driver, start: () => startOn(config, storage) };
}

/** Starts a server with a config that is there. */
export async function startOn(config: string, storage: "filesystem" | "s3"): Promise<FaultServer> {
  const resources = new AsyncDisposableStack();
  const running: RunningBarge = await openBarge(resources, { storage, config });
  return {
    origin: running.origin,
    output: running.output,
    kill: async () => {
      process.kill(running.processId, "SIGKILL");
      await running.ended;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function driverOf(path: string): Promise<StorageDriver> {
  const { config } = await loadConfig({ path, environment: {} });
  return await openStorageDriver(config.storage.driver, calm());
}

/** Where the store has the blob at this moment. */
export async function stateOf(
  { driver }: Pick<FaultStore, "driver">,
  digest: Digest,
): Promise<"raw" | "indexed" | "cold" | "absent"> {
  const data = await driver.stat(blobData(digest), calm());
  const recipe = await driver.stat(blobRecipe(digest), calm());
  if (data !== undefined) return recipe === undefined ? "raw" : "indexed";
  return recipe === undefined ? "absent" : "cold";
}

/** @param range as in the header: `0-99`. */
export async function pull(
  { origin }: Pick<FaultServer, "origin">,
  digest: Digest,
  range?: string,
): Promise<Pulled> {
  const lines = ["Connection: close", ...(range === undefined ? [] : [`Range: bytes=${range}`])];
  const request = plainRequest("GET", `/v2/${REPOSITORY}/blobs/${digest}`, lines);
  try {
    const { status, body } = await sendRaw(origin, request);
    return { status, isWhole: true, body };
  } catch (error) {
    if (!(error instanceof RawClosed)) throw error;
    const { received } = error;
    const end = received.indexOf("\r\n\r\n");
    const status = Number(received.toString("latin1", 9, 12));
    return {
      status,
      isWhole: false,
      body: received.subarray(end === -1 ? received.length : end + 4),
    };
  }
}

/** @returns the status of the answer. */
export async function head(
  { origin }: Pick<FaultServer, "origin">,
  digest: Digest,
): Promise<number> {
  const request = plainRequest("HEAD", `/v2/${REPOSITORY}/blobs/${digest}`, ["Connection: close"]);
  return (await sendRaw(origin, request)).status;
}

/** Whether all of the blob came, and nothing else. */
export function isBlob({ status, isWhole, body }: Pulled, digest: Digest): boolean {
  return status === 200 && isWhole && digestOf(body) === digest;
}
