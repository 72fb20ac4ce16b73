/** What is accepted but is probably not what the operator meant. */
import { findAuthCautions } from "./auth-cautions.ts";
import type { Environment } from "./environment.ts";
import { formatPath } from "./problems.ts";
import type { LeafShape, Shape } from "./shape.ts";
import { isObject, isSet, isText, lowerText, valueAt } from "./value-at.ts";

interface Caution {
  readonly when: (file: unknown) => boolean;
  readonly warning: string;
}

const CAUTIONS: readonly Caution[] = [
  {
    when: (file) =>
      valueAt(file, ["http", "debug", "prometheus", "enabled"]) === true &&
      !isSet(valueAt(file, ["http", "debug", "addr"])),
    warning: "http.debug.prometheus has no effect without http.debug.addr: no metrics are served",
  },
  ...["s3", "s3aws"].map((driver) => ({
    when: (file: unknown): boolean =>
      isSet(valueAt(file, ["storage", driver, "keyid"])) &&
      !isTrue(valueAt(file, ["storage", driver, "encrypt"])),
    warning: `storage.${driver}.keyid has no effect without encrypt: true: objects are not encrypted with that key`,
  })),
  ...["blobdescriptor", "layerinfo"].map((key) => ({
    when: (file: unknown): boolean => isUnknownCache(valueAt(file, ["storage", "cache", key])),
    warning: `storage.cache.${key} names no cache that there is (inmemory, redis); it has no effect`,
  })),
  {
    when: (file) =>
      /^tls1\.[01]$/.test(lowerText(valueAt(file, ["http", "tls", "minimumtls"]))) &&
      isSet(valueAt(file, ["http", "tls", "certificate"])),
    warning: "http.tls.minimumtls allows versions of TLS that are broken; tls1.2 is the default",
  },
  {
    when: (file) =>
      valueAt(file, ["barge", "dedup", "cold"]) !== undefined &&
      /^(?:index)?$/.test(lowerText(valueAt(file, ["barge", "dedup", "mode"]))),
    warning: "barge.dedup.cold has no effect without barge.dedup.mode: at-rest",
  },
];

/** @param file the file as plain values, after environment variables. */
export function findCautions(
  file: unknown,
  shape: Shape,
  environment: Environment,
): readonly string[] {
  return [
    ...CAUTIONS.filter(({ when }) => when(file)).map(({ warning }) => warning),
    ...findAuthCautions(file, shape),
    ...tinyDurations(file, shape),
    ...socketActivation(environment),
  ];
}

/** `interval: 10` is ten nanoseconds, and hardly ever meant. */
function tinyDurations(
  value: unknown,
  shape: Shape,
  path: readonly (string | number)[] = [],
): readonly string[] {
  if (shape.kind === "list" && Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item, index) => tinyDurations(item, shape.item, [...path, index]));
  }
  if (shape.kind === "map" && isObject(value)) {
    return Object.entries(value).flatMap(([key, child]) => {
      const childShape = shape.fields.get(key)?.shape ?? shape.others;
      return childShape === undefined ? [] : tinyDurations(child, childShape, [...path, key]);
    });
  }
  return shape.kind === "leaf" && isTiny(value, shape)
    ? [`${formatPath(path)}: ${value} without a unit means nanoseconds; write ${value}s?`]
    : [];
}

function isTiny(value: unknown, { format }: LeafShape): value is number {
  return format === "duration" && typeof value === "number" && value > 0 && value < 1e6;
}

function socketActivation(environment: Environment): readonly string[] {
  return isSet(environment["LISTEN_FDS"])
    ? ["LISTEN_FDS is set, but sockets of systemd are not used: Barge opens http.addr itself"]
    : [];
}

function isUnknownCache(value: unknown): boolean {
  return isText(value) && !/^(?:inmemory|redis)$/i.test(value);
}

function isTrue(value: unknown): boolean {
  return /^(?:1|t|true)$/.test(lowerText(value));
}
