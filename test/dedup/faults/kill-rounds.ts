/** Servers that are killed while their blobs go cold, again and again, and what the store is worth afterwards. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { INCOMING, PACKS, RECIPES } from "../../../src/content/layout.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../../src/oci/media-type.ts";
import { calm } from "../../contracts/storage-subject.ts";
import { runBarge } from "../../fixtures/barge.ts";
import { pushBlob, putManifest } from "../../fixtures/pushing.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { keysBelow } from "../at-rest-store.ts";
import {
  type FaultServer,
  type FaultStore,
  isBlob,
  openFaultStore,
  pull,
  REPOSITORY,
  stateOf,
} from "./fault-store.ts";
import { LayerVersions } from "./layers.ts";

/** Of the time that the first conversion took: a kill comes at the latest then. */
const LATEST_KILL_SHARE = 1.5;
const POLL_MS = 20;
const BETWEEN_PULLS_MS = 50;
const LONGEST_CONVERSION_MS = 60_000;
/** After each kill the newest blobs are pulled, and some others; */
const NEWEST = 6;
const OTHERS = 4;
/** and all of them every so many kills. */
const ALL_EVERY = 25;

export interface KillOptions {
  readonly storage: "filesystem" | "s3";
  readonly kills: number;
  /** No further kill comes after so long. */
  readonly limitMs: number;
  readonly seed: number;
  /** Whether the queue of jobs is waited for at the end: what a killed server worked at is left alone for half a minute. */
  readonly keepsQueue: boolean;
  /** Told how it goes. */
  readonly tell: (text: string) => void;
}

/** What the kills met, and what came of it. */
export interface KillSummary {
  readonly kills: number;
  /** How long all first layers took to go cold, undisturbed. */
  readonly conversionMs: number;
  /** Kills at which something was on its way into the store; */
  readonly incoming: number;
  /** at which some blob had a recipe and its data, */
  readonly indexed: number;
  /** at which some blob that was just pushed had no recipe, */
  readonly raw: number;
  /** and at which all work was done. */
  readonly idle: number;
  readonly blobs: number;
  readonly pulls: number;
  /** Pulls that a kill cut short. */
  readonly cutPulls: number;
  /** At the end. */
  readonly cold: number;
}

/** @throws {AssertionError} when anything is not as it must be. */
export async function runKills(options: KillOptions): Promise<KillSummary> {
  await using resources = new AsyncDisposableStack();
  const store = await openFaultStore(resources, options.storage);
  const rounds = new KillRounds(store, options);
  await rounds.begin();
  const deadline = performance.now() + options.limitMs;
  for (let round = 1; round <= options.kills && performance.now() < deadline; round += 1) {
    await rounds.kill(round);
  }
  await rounds.end();
  return rounds.summary;
}

class KillRounds {
  readonly #store: FaultStore;
  readonly #options: KillOptions;
  readonly #random: SeededRandom;
  readonly #versions: LayerVersions;
  /** Bytes of each, in the order of their pushes. */
  readonly #sizes = new Map<Digest, number>();
  #incoming = 0;
  readonly #tally = {
    kills: 0,
    incoming: 0,
    indexed: 0,
    raw: 0,
    idle: 0,
    pulls: 0,
    cutPulls: 0,
    cold: 0,
  };
  #conversionMs = 0;

  constructor(store: FaultStore, options: KillOptions) {
    this.#store = store;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#versions = new LayerVersions(this.#random);
  }

  get summary(): KillSummary {
    const conversionMs = Math.round(this.#conversionMs);
    return { conversionMs, blobs: this.#blobs.length, ...this.#tally };
  }

  /** Pushes the first layers and finds out how long it takes until they are cold. */
  async begin(): Promise<void> {
    await using server = await this.#store.start();
    const cold: Digest[] = [];
    for (const { kind, bytes } of this.#versions.all()) {
      const digest = await this.#push(server, bytes);
      if (kind !== "noise") cold.push(digest);
    }
    const startedMs = performance.now();
    for (const digest of cold) await this.#untilCold(digest);
    this.#conversionMs = performance.now() - startedMs;
    this.#options.tell(`the first layers were cold after ${this.#conversionMs.toFixed(0)} ms`);
  }

  /** One life of a server: all that was pushed is pulled, something is pushed, and at some moment it is killed. */
  async kill(round: number): Promise<void> {
    await using server = await this.#store.start();
    await this.#pullAll(server, this.#chosen(round % ALL_EVERY === 0));
    for (let left = this.#random.between(1, 2); left > 0; left -= 1) {
      const { bytes } = this.#versions.next();
      await this.#push(server, bytes);
    }
    const pulling = this.#pullUntilKilled(server);
    await delay(this.#random.below(this.#conversionMs * LATEST_KILL_SHARE));
    await server.kill();
    this.#tally.kills += 1;
    await pulling;
    await this.#look(round);
  }

  /** Undisturbed, everything comes to an end, once, and nothing is wrong. */
  async end(): Promise<void> {
    const { config, stateDirectory } = this.#store;
    await this.#pushImage();
    if (!this.#options.keepsQueue) {
      for (const suffix of ["", "-wal", "-shm"]) {
        await rm(join(stateDirectory, `jobs.sqlite${suffix}`), { force: true });
      }
    }
    this.#options.tell(`first run: ${(await runDedup(config)).text}`);
    const keys = await this.#keys();
    const { text, did } = await runDedup(config);
    assert.deepEqual(did, { indexed: 0, cold: 0, kept: [], failed: [] }, text);
    assert.deepEqual(await this.#keys(), keys);
    for (const digest of this.#blobs) {
      const state = await stateOf(this.#store, digest);
      assert.notEqual(state, "absent", digest);
      if (state === "cold") this.#tally.cold += 1;
    }
    this.#options.tell(await runBarge("check", "--deep", config));
    await using server = await this.#store.start();
    await this.#pullAll(server, this.#blobs);
  }

  get #blobs(): readonly Digest[] {
    return [...this.#sizes.keys()];
  }

  async #push({ origin }: FaultServer, bytes: Uint8Array): Promise<Digest> {
    const digest = await pushBlob(origin, REPOSITORY, bytes);
    this.#sizes.set(digest, bytes.length);
    return digest;
  }

  /** So that all blobs are some image's. */
  async #pushImage(): Promise<void> {
    await using server = await this.#store.start();
    const config = await pushBlob(server.origin, REPOSITORY, Buffer.from("{}"));
    const layers = [...this.#sizes].map(([digest, size]) => {
      return { mediaType: OCI_LAYER_GZIP, digest, size };
    });
    const document = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: config, size: 2 },
      layers,
    };
    const answer = await putManifest(server.origin, `${REPOSITORY}/manifests/all`, document);
    assert.equal(answer.status, 201, await answer.text());
  }

  #chosen(all: boolean): readonly Digest[] {
    if (all) return this.#blobs;
    const older = this.#blobs.slice(0, -NEWEST);
    const others = Array.from({ length: OTHERS }, () => older[this.#random.below(older.length)]);
    const chosen = others.filter((digest) => digest !== undefined);
    return [...new Set([...this.#blobs.slice(-NEWEST), ...chosen])];
  }

  async #pullAll(server: FaultServer, digests: readonly Digest[]): Promise<void> {
    for (const digest of digests) {
      const pulled = await pull(server, digest);
      const state = isBlob(pulled, digest) ? "right" : await stateOf(this.#store, digest);
      const told = `${digest}: ${pulled.status}, ${pulled.body.length} bytes, it is ${state}`;
      assert.equal(state, "right", `${told}\n${server.output.join("\n")}`);
      this.#tally.pulls += 1;
    }
  }

  /** A pull that the kill meets is cut, and never wrong. */
  async #pullUntilKilled(server: FaultServer): Promise<void> {
    for (;;) {
      const digest = await this.#anyCold();
      const pulled = await pull(server, digest).catch(() => undefined);
      if (pulled === undefined) return;
      if (!pulled.isWhole) {
        this.#tally.cutPulls += 1;
        return;
      }
      assert(isBlob(pulled, digest), `${digest}: ${pulled.status}`);
      this.#tally.pulls += 1;
      await delay(BETWEEN_PULLS_MS);
    }
  }

  /** What the kill met. */
  async #look(round: number): Promise<void> {
    const { driver } = this.#store;
    const states = new Set<string>();
    for (const digest of this.#blobs.slice(-2)) states.add(await stateOf(this.#store, digest));
    const incoming = (await keysBelow(driver, INCOMING)).length;
    const isIncoming = incoming > this.#incoming;
    this.#incoming = incoming;
    if (isIncoming) this.#tally.incoming += 1;
    if (states.has("indexed")) this.#tally.indexed += 1;
    if (states.has("raw")) this.#tally.raw += 1;
    if (!isIncoming && !states.has("indexed") && !states.has("raw")) this.#tally.idle += 1;
    if (round % ALL_EVERY === 0) this.#options.tell(`${round} kills`);
  }

  async #anyCold(): Promise<Digest> {
    const digests = Array.from({ length: OTHERS }, () => this.#random.pick(this.#blobs));
    for (const digest of digests) {
      if ((await stateOf(this.#store, digest)) === "cold") return digest;
    }
    return this.#random.pick(digests);
  }

  async #untilCold(digest: Digest): Promise<void> {
    const deadline = performance.now() + LONGEST_CONVERSION_MS;
    while ((await stateOf(this.#store, digest)) !== "cold") {
      const state = await stateOf(this.#store, digest);
      assert(performance.now() < deadline, `${digest} does not go cold: it is ${state}`);
      await delay(POLL_MS);
    }
  }

  async #keys(): Promise<readonly string[]> {
    const { driver } = this.#store;
    const below = ["docker", RECIPES, PACKS].map((prefix) => keysBelow(driver, prefix, calm()));
    return (await Promise.all(below)).flat().toSorted();
  }
}

interface Did {
  readonly indexed: number;
  readonly cold: number;
  readonly kept: readonly unknown[];
  readonly failed: readonly unknown[];
}

async function runDedup(config: string): Promise<{ readonly text: string; readonly did: Did }> {
  const text = await runBarge("dedup", "run", "--format", "json", config);
  const { indexed, cold, kept, failed } = JSON.parse(text) as Did;
  return { text, did: { indexed, cold, kept, failed } };
}
