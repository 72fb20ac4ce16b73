/** The kinds of value that settings take. Each returns a fresh schema, to be described where it stands. */
import { z } from "zod";
import { nanosecondsToMs, parseGoDuration } from "./go-duration.ts";
import { SHORTHAND } from "./schema-marks.ts";
import { parseSize } from "./size.ts";

type Text = z.ZodOptional<z.ZodString>;

/** Text that may be left out. An empty one never arrives here: it counts as left out. */
export function text(): Text {
  return z.string().optional();
}

/** `true`/`false` and what YAML 1.1 means by them; not a quoted text. */
export function flag(isOn: boolean): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(isOn);
}

/** Milliseconds out of a duration of Go; not negative. */
export function duration(preset: string): z.ZodPrefault<z.ZodType<number, string | number>> {
  return durationValue().prefault(preset);
}

/** As {@link duration}, within limits. */
export function limitedDuration(
  preset: string,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
): z.ZodPrefault<z.ZodType<number, string | number>> {
  return durationValue()
    .refine((ms) => ms >= minMs && ms <= maxMs, {
      error: `must be a duration from ${formatMinutes(minMs)} to ${formatMinutes(maxMs)}`,
    })
    .prefault(preset);
}

/** Whole hours, or minutes. */
function formatMinutes(ms: number): string {
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000}h` : `${ms / 60_000}m`;
}

/** As {@link duration}, with nothing in its place when it is left out. */
export function optionalDuration(): z.ZodOptional<z.ZodType<number, string | number>> {
  return durationValue().optional();
}

function durationValue(): z.ZodType<number, string | number> {
  return z
    .union([z.string(), z.int()], { error: DURATION_WANTED })
    .transform((value, context) => {
      const ms = typeof value === "string" ? parseGoDuration(value) : nanosecondsToMs(value);
      if (ms !== undefined && ms >= 0) return ms;
      context.addIssue(DURATION_WANTED);
      return z.NEVER;
    })
    .meta({ format: "duration" });
}

const DURATION_WANTED =
  "must be a duration such as 500ms, 30s, 1h30m or 168h (a bare number counts nanoseconds)";

/** A whole number that may not be negative. */
export function count(preset: number): z.ZodDefault<z.ZodInt> {
  return z.int().min(0).default(preset);
}

/** A truth value among a driver's parameters, where the reference takes quoted ones as well. */
export function parameterFlag(isOn: boolean): z.ZodPrefault<z.ZodType<boolean, boolean | string>> {
  return parameterFlagValue().prefault(isOn);
}

/** As {@link parameterFlag}, with nothing in its place when it is left out. */
export function optionalParameterFlag(): z.ZodOptional<z.ZodType<boolean, boolean | string>> {
  return parameterFlagValue().optional();
}

function parameterFlagValue(): z.ZodType<boolean, boolean | string> {
  return z
    .union([z.boolean(), z.string()], { error: "must be true or false" })
    .transform((value, context) => {
      if (typeof value === "boolean") return value;
      if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
      if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
      context.addIssue("must be true or false");
      return z.NEVER;
    });
}

export interface NumberLimits {
  readonly preset: number;
  readonly min: number;
  readonly max: number;
}

/** A whole number among a driver's parameters, quoted or not. */
export function parameterCount(
  limits: NumberLimits,
): z.ZodPrefault<z.ZodType<number, number | string>> {
  const wanted = `must be a whole number from ${limits.min} to ${limits.max}`;
  return z
    .union([z.int(), z.string()], { error: wanted })
    .transform((value, context) => {
      const number = Number(value);
      if (isWithin(number, limits)) return number;
      context.addIssue(wanted);
      return z.NEVER;
    })
    .prefault(limits.preset);
}

interface SizeLimits extends Pick<NumberLimits, "min" | "max"> {
  /** As in the file. */
  readonly preset: number | string;
}

/** Bytes, as a number or with a unit (`10MiB`). */
export function size(limits: SizeLimits): z.ZodPrefault<z.ZodType<number, number | string>> {
  return sizeValue(limits, `${limits.preset} or 10MiB`).prefault(limits.preset);
}

/** As {@link size}, with nothing in its place when it is left out. */
export function optionalSize(
  limits: Pick<NumberLimits, "min" | "max">,
): z.ZodOptional<z.ZodType<number, number | string>> {
  return sizeValue(limits, "512MiB").optional();
}

function sizeValue(
  limits: Pick<NumberLimits, "min" | "max">,
  example: string,
): z.ZodType<number, number | string> {
  const wanted = `must be a size from ${limits.min} to ${limits.max} bytes, such as ${example}`;
  return z
    .union([z.int(), z.string()], { error: wanted })
    .transform((value, context) => {
      const bytes = parseSize(String(value));
      if (bytes !== undefined && isWithin(bytes, limits)) return bytes;
      context.addIssue(wanted);
      return z.NEVER;
    })
    .meta({ format: "size" });
}

function isWithin(value: number, { min, max }: Pick<NumberLimits, "min" | "max">): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

/** An absolute URL of http or https. */
export function httpUrl(): z.ZodOptional<z.ZodType<URL, string>> {
  return z
    .string()
    .transform((value, context) => {
      const url = parseHttpUrl(value);
      if (url !== undefined) return url;
      context.addIssue(URL_WANTED);
      return z.NEVER;
    })
    .optional();
}

const URL_WANTED = "must be a URL with scheme and host, such as https://registry.example.com";

/** @returns `undefined` unless the text is an absolute URL of http or https. */
export function parseHttpUrl(value: string): URL | undefined {
  const url = /^https?:\/\/[^/]/i.test(value) ? URL.parse(value) : undefined;
  return url ?? undefined;
}

/** Header fields: each name with the list of its values. */
export function headers(): z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodArray<z.ZodString>>> {
  const value = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, "is not the value of a header");
  const values = z.array(value, { error: "must be a list, such as [nosniff]" });
  return z
    .record(z.string(), values)
    .superRefine((fields, context) => {
      for (const name of Object.keys(fields)) {
        if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) continue;
        context.addIssue({ code: "custom", path: [name], message: "is not the name of a header" });
      }
    }, EVEN_IF_PARTS_ARE_WRONG)
    .default({});
}

/**
 * For `superRefine` on a map: looks at how its values go together even when some of them are wrong, so
 * that all problems are told at once. What is wrong stands there as it was written.
 */
export const EVEN_IF_PARTS_ARE_WRONG = {
  when: ({ value }: { readonly value: unknown }) => typeof value === "object" && value !== null,
} as const;

/**
 * A list that may not be empty; one text stands for a list of it.
 * @param what one item, for the sentence that says so.
 */
export function oneOrMore<Item extends z.ZodType>(item: Item, what: string): z.ZodArray<Item> {
  return z
    .array(item)
    .min(1, `is empty: name at least ${what}`)
    .meta({ [SHORTHAND]: true });
}

/** Text that stands in a header field of an answer. */
export function headerText(): z.ZodString {
  return z.string().regex(/^[\x20-\x7e]+$/, "may hold only printable characters of ASCII");
}
