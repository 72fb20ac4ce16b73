/**
 * Checks that everything in a store leads to what it should: each tag to a manifest, each manifest to
 * its blobs, each link to data. Reads only, and may run beside a server: whatever looks wrong is looked
 * at once more before it is reported, so that work in progress vanishes.
 */
import { pooledMap } from "../../lib/pooled-map.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions, StorageDriver } from "../../storage/storage-driver.ts";
import { walkRepositories } from "../walk.ts";
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
import { createFreshLook, createRememberingLook, type Look } from "./look.ts";
import { blobsOf, type Examine, thingsOf } from "./things.ts";

export interface CheckReport {
  readonly violations: readonly Violation[];
  readonly notes: readonly Note[];
  readonly checked: CheckedCounts;
}

export interface CheckOptions extends CallOptions {
  readonly driver: StorageDriver;
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

async function* examineStore(options: CheckOptions): AsyncGenerator<Examined> {
  const { driver, signal } = options;
  const sizes = new Map<Digest, number>();
  for await (const { name } of walkRepositories({ driver, signal })) {
    yield { counts: { repositories: 1 }, findings: [] };
    const look = createRememberingLook(options, sizes);
    yield* examineAll(thingsOf({ driver, name }, { signal }), look);
  }
  yield* examineAll(blobsOf(options), createRememberingLook(options, sizes));
}

function examineAll(things: AsyncIterable<Examine>, look: Look): AsyncGenerator<Examined> {
  const fresh = createFreshLook(look);
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
