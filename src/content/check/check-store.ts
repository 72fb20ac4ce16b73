/**
 * Checks that everything in a store leads to what it should: each tag to a manifest, each manifest to
 * its blobs, each link to data. Reads only, and may run beside a server: whatever looks wrong is looked
 * at once more before it is reported, so that work in progress vanishes.
 */
import { pooledMap } from "../../lib/pooled-map.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { walkRepositories } from "../walk.ts";
import { type BlobsAtRest, NO_BLOBS_AT_REST } from "./blobs-at-rest.ts";
import {
  addCounts,
  type CheckedCounts,
  type Examined,
  type Finding,
  identityOf,
  NO_COUNTS,
  type Note,
  type Violation,
} from "./finding.ts";
import { createFreshLook, createRememberingLook, type KnownSizes, type Look } from "./look.ts";
import { blobsOf, type Examine, thingsOf } from "./things.ts";

export interface CheckReport {
  readonly violations: readonly Violation[];
  readonly notes: readonly Note[];
  readonly checked: CheckedCounts;
}

export interface CheckOptions extends CallOptions {
  readonly driver: StorageDriver;
  /** {@link NO_BLOBS_AT_REST} when left out. */
  readonly atRest?: BlobsAtRest | undefined;
  /** Whether all data is read and hashed. Otherwise only manifests are. */
  readonly deep: boolean;
  /** Called often, with what was looked at so far. */
  readonly onProgress?: ((checked: CheckedCounts) => void) | undefined;
}

const CONCURRENCY = 16;

/** @throws {StorageError} when the store cannot be read: then there is no report. */
export async function checkStore(options: CheckOptions): Promise<CheckReport> {
  let checked = NO_COUNTS;
  const found = new Map<string, Finding>();
  for await (const { counts, findings } of examineStore(options)) {
    checked = addCounts(checked, counts);
    for (const finding of findings) found.set(identityOf(finding), finding);
    options.onProgress?.(checked);
  }
  const findings = [...found.values()];
  return {
    violations: findings.filter((finding) => finding.level === "violation"),
    notes: findings.filter((finding) => finding.level === "note"),
    checked,
  };
}

async function* examineStore({
  atRest = NO_BLOBS_AT_REST,
  ...options
}: CheckOptions): AsyncGenerator<Examined> {
  const { driver, signal, deep } = options;
  const sizes: KnownSizes = { data: new Map(), cold: new Map() };
  const looking = { driver, atRest, signal };
  for await (const { name } of walkRepositories({ driver, signal })) {
    yield { counts: { repositories: 1 }, findings: [] };
    const look = createRememberingLook(looking, sizes);
    const fresh = createFreshLook(looking);
    yield* examineAll(thingsOf({ driver, name }, { signal }), { look, fresh });
  }
  const look = createRememberingLook(looking, sizes);
  const fresh = createFreshLook(looking);
  yield* examineAll(blobsOf(options), { look, fresh });
  yield* examineAll(atRest.things({ signal, deep }), { look, fresh });
}

function examineAll(
  things: AsyncIterable<Examine>,
  { look, fresh }: { readonly look: Look; readonly fresh: Look },
): AsyncGenerator<Examined> {
  return pooledMap(things, CONCURRENCY, (examine) => confirmed(examine, look, fresh));
}

/** What is wrong only at the first look was in the making, or was being removed. */
async function confirmed(examine: Examine, look: Look, fresh: Look): Promise<Examined> {
  const first = await examine(look);
  if (first.findings.length === 0) return first;
  const seen = new Set(first.findings.map(identityOf));
  const second = await examine(fresh);
  return {
    counts: second.counts,
    findings: second.findings.filter((finding) => seen.has(identityOf(finding))),
  };
}
