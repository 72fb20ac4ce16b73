/** What the bench found, and how it is shown. */
import { advantage, type Spread } from "./statistics.ts";

/** The system that is compared with the others. */
export const OWN_SYSTEM = "barge";

/** What one system did in one row. */
export interface Result {
  readonly row: string;
  readonly system: string;
  readonly unit: Unit;
  readonly outcome: Outcome;
}

/** Of throughputs more is better, of times less. */
export type Unit = "GB/s" | "requests/s" | "ms";

export type Outcome =
  | { readonly kind: "figures"; readonly figures: Figures }
  /** A request failed, or the row cannot be had here: no figure means anything then. */
  | { readonly kind: "none"; readonly reason: string };

/** Of all runs of one system in one row. */
export interface Figures {
  readonly value: Spread;
  /** Median of the runs. */
  readonly p99Ms: number | undefined;
  /** CPU seconds of the server per 10^9 bytes, or per 1,000 requests where requests are counted. */
  readonly cpuSeconds: number | undefined;
  /** The highest of the runs. */
  readonly peakRssBytes: number | undefined;
  readonly note: string | undefined;
}

const HEAD = [
  "row",
  "system",
  "unit",
  "median",
  "min-max",
  "p99 ms",
  "CPU s per GB or 1,000 requests",
  "peak RSS MB",
  "Barge is x times",
  "note",
];

export function betterOf(unit: Unit): "more" | "less" {
  return unit === "ms" ? "less" : "more";
}

/** A table in Markdown. */
export function formatTable(results: readonly Result[]): string {
  const lines = results.map((result) => cellsOf(result, ratioTo(result, results)));
  const rule = HEAD.map((_, index) => (index >= 3 && index <= 8 ? "--:" : "---"));
  return [HEAD, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** Machine-readable, with the ratios of the table. */
export function formatJson(results: readonly Result[]): string {
  const all = results.map((result) => ({ ...result, bargeIsTimes: ratioTo(result, results) }));
  return `${JSON.stringify(all, undefined, 2)}\n`;
}

/** @returns `undefined` for Barge itself and where one of the two has no figures. */
export function ratioTo(peer: Result, results: readonly Result[]): number | undefined {
  const own = results.find(({ row, system }) => row === peer.row && system === OWN_SYSTEM);
  if (own === undefined || own === peer) return undefined;
  if (own.outcome.kind === "none" || peer.outcome.kind === "none") return undefined;
  const [ownMedian, peerMedian] = [own, peer].map(medianOf);
  return advantage(ownMedian ?? Number.NaN, peerMedian ?? Number.NaN, betterOf(peer.unit));
}

function medianOf({ outcome }: Result): number {
  return outcome.kind === "figures" ? outcome.figures.value.median : Number.NaN;
}

function cellsOf({ row, system, unit, outcome }: Result, ratio: number | undefined): string[] {
  if (outcome.kind === "none") {
    return [row, system, unit, "no result", "", "", "", "", "", inOneLine(outcome.reason)];
  }
  const { value, p99Ms, cpuSeconds, peakRssBytes, note } = outcome.figures;
  return [
    row,
    system,
    unit,
    formatNumber(value.median),
    `${formatNumber(value.least)}-${formatNumber(value.most)}`,
    formatNumber(p99Ms),
    formatNumber(cpuSeconds),
    peakRssBytes === undefined ? "" : (peakRssBytes / 1e6).toFixed(0),
    formatNumber(ratio),
    note ?? "",
  ];
}

/** Three digits are as many as such figures are worth; nothing for `undefined`. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined) return "";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function inOneLine(text: string): string {
  const MOST = 160;
  const line = text.replaceAll(/\s+/g, " ").replaceAll("|", "/").trim();
  return line.length <= MOST ? line : `${line.slice(0, MOST)}...`;
}
