import { errorText } from "../lib/error-text.ts";
import { isSensitiveName, REDACTED, redactText } from "./redaction.ts";

/** Fields of a log line; an `Error` may be a value. Keys are dotted words: `http.request.method`. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface CleanOptions {
  /** Whether errors bring their stack along. */
  readonly withStacks: boolean;
}

const MAX_TEXT_LENGTH = 4096;
const MAX_DEPTH = 4;
const MAX_ITEMS = 100;
const MAX_CAUSES = 5;

/** Keys that the formats themselves use; a field of that name is written as `fields.<key>`. */
const RESERVED = new Set(["time", "level", "msg", "message", "@timestamp", "@version"]);

/**
 * Makes fields fit for a log: secrets replaced, long text cut, errors laid out as `<key>.message`,
 * `<key>.kind`, `<key>.cause` and (on request) `<key>.detail`, everything else plain JSON values.
 */
export function cleanFields(fields: LogFields, options: CleanOptions): LogFields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .flatMap(([key, value]) =>
        cleanField(RESERVED.has(key) ? `fields.${key}` : key, value, options),
      ),
  );
}

/** Free text without secrets, at most a few thousand characters. */
export function cleanText(text: string): string {
  // Redacted before the last cut, so that no cut hides from the patterns what makes a secret one.
  const redacted = redactText(text.slice(0, 4 * MAX_TEXT_LENGTH));
  return redacted.length <= MAX_TEXT_LENGTH ? redacted : `${redacted.slice(0, MAX_TEXT_LENGTH)}...`;
}

type Entry = readonly [key: string, value: unknown];

function cleanField(key: string, value: unknown, options: CleanOptions): readonly Entry[] {
  if (isSensitiveName(key)) return [[key, REDACTED]];
  if (value instanceof Error) return errorFields(key, value, options);
  return [[key, cleanValue(value, MAX_DEPTH)]];
}

function errorFields(key: string, error: Error, options: CleanOptions): readonly Entry[] {
  const entries: Entry[] = [[`${key}.message`, cleanText(errorText(error))]];
  if ("kind" in error && typeof error.kind === "string") entries.push([`${key}.kind`, error.kind]);
  const causes = causesOf(error);
  if (causes.length > 0) entries.push([`${key}.cause`, cleanText(causes.join(": "))]);
  if (options.withStacks) entries.push([`${key}.detail`, cleanText(error.stack ?? "")]);
  return entries;
}

function causesOf(error: Error): readonly string[] {
  const causes: string[] = [];
  let { cause } = error;
  while (cause !== undefined && cause !== null && causes.length < MAX_CAUSES) {
    causes.push(cause instanceof Error ? errorText(cause) : typeof cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "object") return cleanObject(value, depth);
  return typeof value === "bigint" ? String(value) : `[${typeof value}]`;
}

function cleanObject(value: object, depth: number): unknown {
  if (value instanceof Error) return cleanText(errorText(value));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth === 0) return "[too deep]";
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const json: unknown = value.toJSON();
    return cleanValue(json, depth - 1);
  }
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ITEMS).map((item: unknown) => cleanValue(item, depth - 1));
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([key, item]: [string, unknown]) => [
        key,
        isSensitiveName(key) ? REDACTED : cleanValue(item, depth - 1),
      ]),
  );
}
