/**
 * Settings that are accepted and do nothing here; most are the reference's and are not needed. The
 * operator is told once, so that nobody looks for an effect that there is not.
 */
import type { Environment } from "./environment.ts";
import { findAll } from "./value-at.ts";

export interface Needless {
  /** Dotted. */
  readonly path: string;
  /** Follows the path in a sentence. */
  readonly reason: string;
}

const NO_PRESENCE_CACHE =
  "is not needed: whether a blob is there is always verified on the store, so no cache of it is kept";

export const NEEDLESS: readonly Needless[] = [
  { path: "loglevel", reason: "is the old name of log.level, which wins where both are given" },
  { path: "storage.cache.blobdescriptor", reason: NO_PRESENCE_CACHE },
  { path: "storage.cache.layerinfo", reason: NO_PRESENCE_CACHE },
  { path: "storage.cache.blobdescriptorsize", reason: NO_PRESENCE_CACHE },
  {
    path: "storage.s3.v4auth",
    reason: "is not needed: requests are always signed with version 4",
  },
  {
    path: "storage.s3aws.v4auth",
    reason: "is not needed: requests are always signed with version 4",
  },
  {
    path: "http.secret",
    reason: "is not needed: upload sessions live in the store and nothing is signed with it",
  },
  { path: "http.http2", reason: "is not needed: HTTP/1.1 is spoken in any case" },
  { path: "http.h2c", reason: "is not needed: HTTP/1.1 is spoken in any case" },
  { path: "proxy", reason: "has no effect without remoteurl" },
  { path: "validation.enabled", reason: "is an old setting; disabled is the one to use" },
  {
    path: "compatibility.schema1",
    reason: "is not needed: manifests of schema 1 are never accepted",
  },
];

/** @param file the file as plain values, after environment variables. */
export function findNeedless(file: unknown, environment: Environment): readonly string[] {
  const settings = NEEDLESS.flatMap(({ path, reason }) =>
    findAll(file, path.split(".")).map(() => `${path} ${reason}`),
  );
  return [...settings, ...needlessVariables(environment)];
}

/** The image of the reference sets `OTEL_TRACES_EXPORTER=none`, which is what happens here. */
function needlessVariables(environment: Environment): readonly string[] {
  const names = Object.keys(environment)
    .filter((name) => name.startsWith("OTEL_") && environment[name] !== "")
    .filter((name) => environment[name] !== "none" && name !== "OTEL_SDK_DISABLED");
  if (names.length === 0) return [];
  return [`${names.toSorted().join(", ")}: this version exports no traces`];
}
