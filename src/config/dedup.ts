/** `barge.dedup`: whether recipes of blobs are kept, and whether cold blobs are kept as chunks alone. */
import { z } from "zod";
import { ALWAYS, type DaySpan } from "../lib/day-spans.ts";
import type { Config, DedupConfig, DedupMode } from "./config.ts";
import { parseDaySpan } from "./day-span.ts";
import { duration, oneOrMore, size } from "./leaves.ts";

const HOUR_MS = 3_600_000;
const MOST_THREADS = 64;
const MOST_THREADS_UNASKED = 4;

const MODES = ["off", "index", "at-rest"] as const satisfies readonly DedupMode[];
const USUAL_MODE: DedupMode = "index";

const modeSchema = z
  .preprocess(offForFalse, z.enum(MODES))
  .optional()
  .describe(
    "How blobs are kept. `index`: after each push a recipe is made, which says of which chunks the blob consists. `at-rest`: the same, and blobs that are cold give up their data for their chunks, which are kept once and compressed; they are made again, to the byte, when they are pulled. `off`: as they were pushed. Blobs that are at rest already are served in every mode. Default: `index`, but `off` where that cannot work: with `inmemory`, in read-only mode, and on S3 without `barge.state.directory`.",
  );

const THREADS_WANTED = `must be auto or a whole number from 1 to ${MOST_THREADS}`;

const threadsSchema = z
  .union([z.literal("auto"), z.int().min(1, THREADS_WANTED).max(MOST_THREADS, THREADS_WANTED)], {
    error: THREADS_WANTED,
  })
  .default("auto")
  .describe(
    `Threads that do the work, at most ${MOST_THREADS}; \`auto\` is half of the cores, at least 1 and at most ${MOST_THREADS_UNASKED}.`,
  );

const SPAN_WANTED =
  "must be a time of day from start to end, such as 22:00-06:00 (from 00:00 to 24:00)";
const SPAN_OF_NOTHING =
  "ends when it starts; write 00:00-24:00 for the whole day, or mode: off for no work at all";

const hourSchema = z.string().transform((text, context): DaySpan => {
  const span = parseDaySpan(text);
  if (span !== undefined && span.startMinute !== span.endMinute) return span;
  context.addIssue(span === undefined ? SPAN_WANTED : SPAN_OF_NOTHING);
  return z.NEVER;
});

/** `barge.dedup:` Unknown keys are errors. */
export const dedupSchema = z
  .strictObject({
    mode: modeSchema,
    cold: duration("24h").describe(
      "Time since its last push or pull from which a blob counts as cold. Only for `at-rest`. On S3 with redirects give it at least 1h: until then one may be followed to data that is gone.",
    ),
    threads: threadsSchema,
    hours: oneOrMore(hourSchema, "a time of day, such as 22:00-06:00")
      .optional()
      .describe(
        "Times of day, in the local time of the server, at which the work is done, such as `22:00-06:00`; one may cross midnight. Default: always.",
      ),
    diskFloor: size({ preset: "2GiB", min: 0, max: Number.MAX_SAFE_INTEGER }).describe(
      "Free space on the disk below which nothing is written for it: no chunks, and no copies of what was at rest and is pulled.",
    ),
  })
  .prefault({})
  .describe("Recipes of blobs, and blobs at rest.");

export function toDedupConfig(dedup: z.output<typeof dedupSchema>): DedupConfig {
  return {
    mode: dedup.mode ?? USUAL_MODE,
    isNamed: dedup.mode !== undefined,
    coldMs: dedup.cold,
    threads: dedup.threads,
    hours: dedup.hours ?? ALWAYS,
    diskFloorBytes: dedup.diskFloor,
  };
}

type Sections = Pick<Config, "barge" | "storage">;

export interface EffectiveDedup {
  readonly mode: DedupMode;
  /** A sentence that says why it is not the mode of the config; `undefined` where it is. */
  readonly why: string | undefined;
}

/**
 * The mode that can be carried out. Only what is done to blobs depends on it, never whether those at rest can
 * be read. Where the mode was named (`isNamed`) and is another one, the loader has warned of it already.
 */
export function effectiveDedup(config: Sections): EffectiveDedup {
  const { mode } = config.barge.dedup;
  if (mode === "off") return { mode, why: undefined };
  const hindrance = missingPlace(config) ?? readOnly(config);
  if (hindrance === undefined) return { mode, why: undefined };
  return { mode: "off", why: `barge.dedup is off: ${hindrance}` };
}

/** Why the mode that the file names cannot be carried out; for `barge.dedup.mode`. */
export function dedupProblems(config: Sections): readonly string[] {
  const { isNamed, mode } = config.barge.dedup;
  const hindrance = isNamed && mode !== "off" ? missingPlace(config) : undefined;
  return hindrance === undefined ? [] : [`cannot be ${mode}: ${hindrance}, or write mode: off`];
}

/** What of the mode that the file names has no effect for now, or can go wrong. Warnings. */
export function findDedupCautions(config: Sections): readonly string[] {
  const { dedup } = config.barge;
  const { why } = effectiveDedup(config);
  if (why !== undefined) return dedup.isNamed ? [why] : [];
  const { driver, redirect } = config.storage;
  const isRedirected = driver.name === "s3" && redirect;
  if (dedup.mode !== "at-rest" || !isRedirected || dedup.coldMs >= HOUR_MS) return [];
  return [
    "barge.dedup.cold is less than 1h: a redirect to S3 that was given just before a blob goes cold may end in 404; write cold: 1h or more, or storage.redirect.disable: true",
  ];
}

/**
 * How many threads do the work.
 * @param cores how many may be used, at least 1.
 */
export function dedupThreads({ threads }: Pick<DedupConfig, "threads">, cores: number): number {
  if (threads !== "auto") return threads;
  return Math.min(MOST_THREADS_UNASKED, Math.max(1, Math.floor(cores / 2)));
}

function missingPlace({ barge, storage }: Sections): string | undefined {
  const { name } = storage.driver;
  if (name === "inmemory") return "with storage.inmemory nothing is kept; use another driver";
  if (name !== "s3" || barge.state.directory !== undefined) return undefined;
  return "with storage on S3 it needs a directory of this machine; name one in barge.state.directory";
}

function readOnly({ storage }: Sections): string | undefined {
  if (!storage.readOnly) return undefined;
  return "nothing may be written while storage.maintenance.readonly is enabled";
}

/** YAML takes a bare `off` for a truth value, and so may whoever writes the file. */
function offForFalse(mode: unknown): unknown {
  const word = typeof mode === "string" ? mode.toLowerCase() : mode;
  return word === false || word === "false" || word === "no" ? "off" : word;
}
