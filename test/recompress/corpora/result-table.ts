import type { Measurement } from "./measure-stream.ts";

const MEGABYTE = 1_000_000;

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
  ["RSS MB", ({ memoryBytes }) => (memoryBytes / MEGABYTE).toFixed(0)],
];

/** @returns a Markdown table, a row for each stream. */
export function formatResults(results: readonly Result[]): string {
  const titles = COLUMNS.map(([title]) => title);
  const rows = results.map((result) => COLUMNS.map(([, text]) => text(result)));
  const lines = [titles, titles.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** @returns what is wrong with the result, one line each; nothing when all is as promised. */
export function faultsOf({ layer, stream, hasModel, measurement }: Result): readonly string[] {
  const { because, isRebuilt, corrections, restarts, restartsThatHeld } = measurement;
  const isRaw = because !== undefined;
  const faults = [
    [isRaw && hasModel, `is raw, because ${because}`],
    [!isRaw && !isRebuilt, "was not rebuilt bit for bit"],
    [corrections > 0 && hasModel, `needed ${corrections} corrections`],
    [restartsThatHeld < restarts, `has ${restarts - restartsThatHeld} restarts that do not hold`],
  ] as const;
  return faults.flatMap(([isFault, text]) => (isFault ? [`${layer} ${stream} ${text}`] : []));
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
