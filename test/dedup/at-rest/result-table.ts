import type { Beside } from "./beside.ts";
import { sumOf, type VersionAtRest } from "./measure.ts";
import type { Versions } from "./versions.ts";

const MEGABYTE = 1_000_000;

/** Versions as they were compressed one way. */
export interface CompressedVersions {
  /** `gzip` is what the promises are about. */
  readonly compression: "gzip" | "zstd";
  readonly versions: readonly VersionAtRest[];
}

/** All that was measured of versions. */
export interface MeasuredVersions {
  readonly of: Versions;
  readonly atRest: readonly CompressedVersions[];
  /** The same versions, uncompressed, elsewhere. */
  readonly beside: readonly Beside[];
}

/** What a reader of the tables has to know of the run. */
export interface RunFacts {
  /** As `2026-01-31`. */
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly command: string;
}

/** @returns a Markdown page: how it was measured, what falls short, and the tables. */
export function formatReport(measured: readonly MeasuredVersions[], facts: RunFacts): string {
  const faults = measured.flatMap((one) => faultsOf(one));
  return [
    "# Storage at rest",
    "",
    `Measured on ${facts.date} at ${facts.commit} by \`${facts.command}\` on ${facts.machine}.`,
    "README.md beside this file says what the columns are; the packages of each layer are below `packages/`.",
    "",
    "Against what is promised:",
    "",
    ...(faults.length > 0 ? faults : ["nothing falls short"]).map((fault) => `- ${fault}`),
    "",
    formatAtRest(measured),
    formatBeside(measured),
  ].join("\n");
}

/** @returns what each version takes, of its own blob and of all together. */
export function formatAtRest(measured: readonly MeasuredVersions[]): string {
  const head = [
    "versions",
    "blobs",
    "blobs MB",
    "first alone",
    "packs MB",
    "recipes kB",
    "index kB",
    "(notes kB)",
    "two versions",
    "promised",
    "the second adds",
    "the third adds",
    "promised",
  ];
  const rows = measured.flatMap(({ of, atRest }) => atRest.map((one) => atRestRow(of, one)));
  return formatTable(head, rows);
}

function atRestRow({ name, most }: Versions, { compression, versions }: CompressedVersions): Row {
  const taken = versions.at(-1)?.taken;
  const kilobytes = (sizeBytes = 0): string => (sizeBytes / 1000).toFixed(0);
  const promised = (share: number | undefined): string =>
    compression === "gzip" && share !== undefined ? percent(share) : "";
  return [
    name,
    compression,
    versions.map((one) => megabytes(one.blobBytes)).join(" + "),
    percent(shareOfAll(versions.slice(0, 1))),
    megabytes(taken?.packBytes ?? 0),
    kilobytes(taken?.recipeBytes),
    kilobytes(taken?.indexBytes),
    kilobytes(taken?.noteBytes),
    percent(shareOfAll(versions.slice(0, 2))),
    promised(most?.twoVersions),
    percent(addedShare(versions, 1)),
    percent(addedShare(versions, 2)),
    promised(most?.third),
  ];
}

/** @returns what the same versions take here and elsewhere, a row after each of them. */
export function formatBeside(measured: readonly MeasuredVersions[]): string {
  const others = measured[0]?.beside.map(({ name }) => `${name} MB`) ?? [];
  const kinds = measured[0]?.atRest.map(({ compression }) => `at rest MB (${compression})`) ?? [];
  const rows = measured.flatMap(({ of, atRest, beside }) =>
    of.layers.map((layer, index) => [
      layer,
      ...atRest.map(({ versions }) => megabytes(takenBytes(versions, index))),
      ...beside.map(({ takenBytes: other }) => optional(other[index])),
    ]),
  );
  return formatTable(["after", ...kinds, ...others], rows);
}

/** @returns what falls short, one line each; nothing when all is as promised. */
export function faultsOf({ of, atRest, beside }: MeasuredVersions): readonly string[] {
  const gzip = atRest.find(({ compression }) => compression === "gzip");
  const faults = [
    ...atRest.flatMap((one) => kept(one)),
    ...(gzip === undefined ? [] : tooMuch(of, gzip)),
    ...(gzip === undefined ? [] : beaten(gzip, beside)),
  ];
  return faults.map((fault) => `${of.name}: ${fault}`);
}

function tooMuch({ most }: Versions, { versions }: CompressedVersions): readonly string[] {
  const shares = [
    ["the first alone", shareOfAll(versions.slice(0, 1)), 1],
    ["two versions", shareOfAll(versions.slice(0, 2)), most?.twoVersions ?? 1],
    ["what a third adds", addedShare(versions, 2), most?.third ?? 1],
  ] as const;
  return shares
    .filter(([, share, allowed]) => share > allowed)
    .map(([what, share, allowed]) => `${what}: ${percent(share)} instead of ${percent(allowed)}`);
}

function beaten({ versions }: CompressedVersions, beside: readonly Beside[]): readonly string[] {
  return beside
    .filter(({ name }) => name.startsWith("bup"))
    .filter(({ takenBytes: other }) => takenBytes(versions, 1) >= (other[1] ?? Infinity))
    .map(({ name }) => `two versions take more than by ${name}`);
}

function kept({ compression, versions }: CompressedVersions): readonly string[] {
  return versions.flatMap(({ became }, index) =>
    became === "cold" ? [] : [`version ${index + 1} (${compression}) kept its data: ${became}`],
  );
}

function takenBytes(versions: readonly VersionAtRest[], index: number): number {
  const version = versions[index];
  return version === undefined ? 0 : sumOf(version.taken);
}

function shareOfAll(versions: readonly VersionAtRest[]): number {
  return takenBytes(versions, versions.length - 1) / sum(versions.map((one) => one.blobBytes));
}

function addedShare(versions: readonly VersionAtRest[], index: number): number {
  const addedBytes = takenBytes(versions, index) - takenBytes(versions, index - 1);
  return addedBytes / (versions[index]?.blobBytes ?? 0);
}

type Row = readonly string[];

function formatTable(head: Row, rows: readonly Row[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function sum(figures: readonly number[]): number {
  return figures.reduce((all, figure) => all + figure, 0);
}

function megabytes(sizeBytes: number): string {
  return (sizeBytes / MEGABYTE).toFixed(2);
}

function optional(sizeBytes: number | undefined): string {
  return sizeBytes === undefined ? "" : megabytes(sizeBytes);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
