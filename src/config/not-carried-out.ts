/**
 * Every setting that can be read but that this version does not carry out. Each stops the start by
 * name: a registry that silently lacks what its file asks for is worse than one that does not start.
 */
import type { ConfigProblem } from "./config-invalid.ts";
import { LATER_KEYS } from "./later-keys.ts";
import { formatPath } from "./problems.ts";
import { findAll, isObject, isSet, lowerText } from "./value-at.ts";

/** One kind of setting that is refused. */
export interface NotCarriedOut {
  /** Dotted; `*` stands for any key or item. */
  readonly path: string;
  /** Whether the value asks for something; what only restates the default is let through. */
  readonly when: (value: unknown) => boolean;
  /** What to do; follows "is not carried out by this version". */
  readonly advice: string;
}

const NO_DRIVER = "use filesystem, inmemory or s3";

const NO_PRESENCE_CACHE =
  "remove it: Barge verifies presence on the store and needs no cache for that";

const S3_PARAMETERS = ["s3", "s3aws"].flatMap((driver): readonly NotCarriedOut[] => [
  {
    path: `storage.${driver}.v4auth`,
    when: (value) => /^(?:0|f|false)$/.test(lowerText(value)),
    advice: "remove it: requests are always signed with version 4",
  },
  {
    path: `storage.${driver}.loglevel`,
    when: (value) => isSet(value) && lowerText(value) !== "off",
    advice: "remove it or write loglevel: off",
  },
]);

const BARGE_KEYS = Object.keys(LATER_KEYS).map((key): NotCarriedOut => ({
  path: `barge.${key}`,
  when: () => true,
  advice: "remove it; a later version carries it out",
}));

/** The table, in the order in which problems are told. */
export const NOT_CARRIED_OUT: readonly NotCarriedOut[] = [
  { path: "log.hooks.*", when: isEnabled, advice: "remove it or write disabled: true" },
  ...["azure", "gcs", "swift", "oss"].map((driver) => ({
    path: `storage.${driver}`,
    when: () => true,
    advice: NO_DRIVER,
  })),
  ...S3_PARAMETERS,
  { path: "storage.cache.blobdescriptor", when: isRedis, advice: NO_PRESENCE_CACHE },
  { path: "storage.cache.layerinfo", when: isRedis, advice: NO_PRESENCE_CACHE },
  { path: "middleware.*.*", when: isEnabled, advice: "remove it or write disabled: true" },
  {
    path: "http.tls.letsencrypt",
    when: isSet,
    advice: "get certificates with a program of their own and name them in certificate and key",
  },
  {
    path: "http.h2c.enabled",
    when: isSet,
    advice: "remove it or write false: HTTP/1.1 is spoken",
  },
  {
    path: "redis",
    when: isSet,
    advice: "remove the section: Barge keeps nothing in Redis",
  },
  {
    path: "proxy.remoteurl",
    when: isSet,
    advice: "remove it: this registry would hold only what is pushed to it",
  },
  {
    path: "policy.repository.classes",
    when: isSet,
    advice: "remove it: all kinds of content would be accepted",
  },
  { path: "reporting", when: isSet, advice: "remove the section" },
  {
    path: "compatibility.schema1.enabled",
    when: isSet,
    advice: "remove it or write false: manifests of schema 1 are never accepted",
  },
  ...BARGE_KEYS,
];

/** @param file the file as plain values, after environment variables. */
export function findNotCarriedOut(file: unknown): readonly ConfigProblem[] {
  return NOT_CARRIED_OUT.flatMap(({ path, when, advice }) =>
    findAll(file, path.split("."))
      .filter((found) => when(found.value))
      .map((found) => refusal(formatPath(found.path), advice)),
  );
}

function refusal(path: string, advice: string): ConfigProblem {
  return { path, message: `is not carried out by this version; ${advice}` };
}

function isEnabled(value: unknown): boolean {
  return isObject(value) && value["disabled"] !== true;
}

function isRedis(value: unknown): boolean {
  return lowerText(value) === "redis";
}
