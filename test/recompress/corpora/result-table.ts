import type { Measurement } from "./measure-stream.ts";

const MEGABYTE = 1_000_000;
/** What is promised of encoders with a model: recipe bytes for each MB of streams larger than this, */
const LARGE_STREAM_BYTES = 30 * MEGABYTE;
const MOST_BYTES_PER_MEGABYTE = 25;
/** and the memory of a process that analyses and rebuilds, Node's own included. */
const MOST_MEMORY_BYTES = 200 * MEGABYTE;

/** A measured stream. */
export interface Result {
  readonly layer: string;
  readonly stream: string;
  /** Whether anything but an exact rebuild without corrections is a failure. */
  readonly hasModel: boolean;
  readonly measurement: Measurement;
  /** The most memory that the process which measured ever took. */
  readonly memoryBytes: number;
}

const COLUMNS: readonly (readonly [title: string, (result: Result) => string])[] = [
  ["layer", ({ layer }) => layer],
  ["stream", ({ stream }) => stream],
  ["found", ({ measurement }) => measurement.because ?? foundText(measurement)],
  ["tar MB", ({ measurement }) => (measurement.plainBytes / MEGABYTE).toFixed(1)],
  ["stream MB", ({ measurement }) => (measurement.streamBytes / MEGABYTE).toFixed(1)],
  ["exact", ({ measurement }) => exactText(measurement)],
  ["corrections", ({ measurement }) => String(measurement.corrections)],
  ["recipe B", ({ measurement }) => String(measurement.recipeBytes)],
  ["B/MB", ({ measurement }) => bytesPerMegabyte(measurement).toFixed(1)],
  ["analyse MB/s", ({ measurement }) => speedText(measurement.plainBytes, measurement.analyseMs)],
  ["rebuild MB/s", ({ measurement }) => speedText(measurement.plainBytes, measurement.rebuildMs)],
  [
    "restarts",
    ({ measurement: { restarts, restartsThatHeld } }) => `${restartsThatHeld}/${restarts}`,
  ],
  ["RSS MB", ({ memoryBytes }) => memoryText(memoryBytes)],
];

/** What a reader of the table has to know of the run. */
export interface RunFacts {
  /** As `2026-01-31`. */
  readonly date: string;
  /** Processor, memory, system, Node. */
  readonly machine: string;
  /** The command line. */
  readonly command: string;
  /** Names of streams that this machine could not make. */
  readonly leftOut: readonly string[];
  /** As {@link faultsOf} tells them. */
  readonly faults: readonly string[];
}

/** @returns a Markdown page: how it was measured, what is missing or wrong, and the table. */
export function formatReport(results: readonly Result[], facts: RunFacts): string {
  const listed = (names: readonly string[]): string =>
    names.length > 0 ? names.join("; ") : "none";
  const faults = facts.faults.length > 0 ? facts.faults : ["nothing falls short"];
  return [
    "# Results of the corpora",
    "",
    `Measured on ${facts.date} by \`${facts.command}\` on ${facts.machine}.`,
    "README.md beside this file says what the layers and the columns are.",
    "",
    `Left out, since the machine cannot make them: ${listed(facts.leftOut)}.`,
    "",
    "Against what is promised:",
    "",
    ...faults.map((fault) => `- ${fault.split("\n", 1).join("")}`),
    "",
    formatResults(results),
  ].join("\n");
}

/** @returns a Markdown table, a row for each stream. */
export function formatResults(results: readonly Result[]): string {
  const titles = COLUMNS.map(([title]) => title);
  const rows = results.map((result) => COLUMNS.map(([, text]) => text(result)));
  const lines = [titles, titles.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** @returns what is wrong with the result, one line each; nothing when all is as promised. */
export function faultsOf(result: Result): readonly string[] {
  const { layer, stream, hasModel, measurement, memoryBytes } = result;
  const { because, isRebuilt, corrections, restarts, restartsThatHeld, streamBytes } = measurement;
  const isRaw = because !== undefined;
  const perMegabyte = bytesPerMegabyte(measurement);
  const isTooLarge = streamBytes > LARGE_STREAM_BYTES && perMegabyte > MOST_BYTES_PER_MEGABYTE;
  const faults = [
    [isRaw && hasModel, `is raw, because ${because}`],
    [!isRaw && !isRebuilt, "was not rebuilt bit for bit"],
    [corrections > 0 && hasModel, `needed ${corrections} corrections`],
    [restartsThatHeld < restarts, `has ${restarts - restartsThatHeld} restarts that do not hold`],
    [isTooLarge && hasModel, `took ${perMegabyte.toFixed(1)} bytes of recipe for each MB`],
    [memoryBytes > MOST_MEMORY_BYTES && hasModel, `took ${memoryText(memoryBytes)} MB of memory`],
  ] as const;
  return faults.flatMap(([isFault, text]) => (isFault ? [`${layer} ${stream} ${text}`] : []));
}

function memoryText(memoryBytes: number): string {
  return (memoryBytes / MEGABYTE).toFixed(0);
}

function foundText({ encoder, framing }: Measurement): string {
  return `${encoder}, ${framing}`;
}

function exactText({ because, isRebuilt }: Measurement): string {
  if (because !== undefined) return "raw";
  return isRebuilt ? "yes" : "NO";
}

function bytesPerMegabyte({ recipeBytes, streamBytes }: Measurement): number {
  return streamBytes === 0 ? 0 : recipeBytes / (streamBytes / MEGABYTE);
}

function speedText(bytes: number, elapsedMs: number): string {
  return elapsedMs === 0 ? "-" : (bytes / MEGABYTE / (elapsedMs / 1000)).toFixed(1);
}
