/** What `barge layer inspect` prints: a table with advice for people, one document for scripts. */
import { printable } from "../client/printable.ts";
import type { LayerReport } from "../app/layer-report.ts";
import { bytesText } from "./bytes-text.ts";
import type { Io } from "./io.ts";
import { adviceFor } from "./layer-advice.ts";
import { type FoundLayer, type Verdict, verdictOf } from "./layer-verdict.ts";
import { percentText } from "./percent-text.ts";
import { printJson } from "./print-json.ts";
import { formatTable } from "./table.ts";

const HEADINGS = ["LAYER", "SIZE", "TAR", "ENCODER", "LEVEL", "FRAMING", "EXACT", "RECIPE"];
/** A longer path is cut at its front, where it tells least. */
const MOST_NAME_LENGTH = 48;
const DIGEST_LENGTH = "sha256:".length + 12;
/** How many layers a line of advice names. */
const MOST_NAMES = 4;

/**
 * The shape that scripts rely on: each member is always there. What is not known is `null`, sizes are bytes.
 *
 * @param options.hasBase whether the layers were compared: only then there is `base`
 */
export function printDocument(
  found: readonly FoundLayer[],
  io: Io,
  { hasBase }: { readonly hasBase: boolean },
): void {
  const documents = found.map((one) => documentOf(one, hasBase));
  printJson(documents, io);
}

function documentOf(found: FoundLayer, hasBase: boolean): object {
  const { layer, report } = found;
  const { travels, flaw } = verdictOf(found);
  return {
    file: layer.file,
    images: layer.images.map(({ tag = null, platform = null }) => ({ tag, platform })),
    mediaType: layer.mediaType ?? null,
    digest: report.digest,
    gzipBytes: report.streamBytes,
    ...findingsOf(report),
    exact: flaw === undefined,
    reason: flaw?.text ?? null,
    reasonKind: flaw?.kind ?? null,
    travels,
    advice: adviceFor(found),
    chunks: report.chunks?.count ?? null,
    ...(hasBase ? { base: baseOf(report) } : {}),
  };
}

function baseOf({ base }: LayerReport): object | null {
  if (base === undefined) return null;
  const { file, digest, sharedBytes, deltaBytes } = base;
  return { file, digest, sharedBytes, deltaBytes };
}

/** What is known of the bytes, whatever an image says of them. */
function findingsOf({ bytesKind, result, streamBytes }: LayerReport): object {
  const format = bytesKind === "other" ? null : bytesKind;
  if (result.kind === "raw") {
    return { ...NOTHING_FOUND, tarBytes: bytesKind === "tar" ? streamBytes : null, format };
  }
  const { findings, recipeBytes, isVerified: verified } = result;
  const { encoder, level, framing, corrections, plainBytes: tarBytes } = findings;
  return { tarBytes, format, encoder, level, framing, verified, corrections, recipeBytes };
}

const NOTHING_FOUND = {
  tarBytes: null,
  format: null,
  encoder: null,
  level: null,
  framing: null,
  verified: null,
  corrections: null,
  recipeBytes: null,
} as const;

/** Prints nothing when nothing was found. */
export function printText(found: readonly FoundLayer[], { stdout }: Pick<Io, "stdout">): void {
  if (found.length === 0) return;
  const names = namesOf(found);
  const rows = found.map((one, index) => [names[index] ?? "", ...cellsOf(one)]);
  stdout(`${formatTable(HEADINGS, rows)}\n`);
  const compared = found.flatMap(({ report }, index) => comparisonOf(report, names[index] ?? ""));
  if (compared.length > 0) stdout(`${compared.join("")}\n`);
  for (const [advice, layers] of byAdvice(found, names)) {
    stdout(`${printable(subjectOf(layers, found.length))}: ${advice}\n`);
  }
}

function cellsOf(found: FoundLayer): readonly string[] {
  const { result, streamBytes } = found.report;
  const size = bytesText(streamBytes);
  const verdict = verdictOf(found);
  const isExact = exactWord(verdict);
  if (verdict.flaw?.kind === "not-compressed") return [size, size, "none", "", "", isExact, ""];
  if (result.kind === "raw") return [size, "", "", "", "", isExact, ""];
  const { findings, recipeBytes } = result;
  const { encoder, level, framing, corrections, plainBytes } = findings;
  const who = corrections === 0 ? encoder : `like ${encoder}`;
  return [size, bytesText(plainBytes), who, level, framing, isExact, bytesText(recipeBytes)];
}

function exactWord({ flaw }: Verdict): string {
  if (flaw === undefined) return "yes";
  if (flaw.kind === "not-compressed") return "as it is";
  return flaw.kind === "broken" || flaw.kind === "wrong-digest" ? "damaged" : "no";
}

/** A line of its own: the figures of no two layers are alike. */
function comparisonOf(report: LayerReport, name: string): readonly string[] {
  const { base, chunks, streamBytes } = report;
  if (base === undefined || chunks === undefined) return [];
  const shared = percentText(base.sharedBytes / Math.max(1, chunks.sizeBytes));
  const part = percentText(base.deltaBytes / Math.max(1, streamBytes));
  const from = base.isWhole ? base.file : `${base.file} ${base.digest.slice(0, DIGEST_LENGTH)}`;
  const delta = `a delta is ${bytesText(base.deltaBytes)} (${part} of the layer)`;
  return [printable(`${name}: shares ${shared} with ${from}; ${delta}`) + "\n"];
}

/** Layers with the same advice stand in one line. */
function byAdvice(
  found: readonly FoundLayer[],
  names: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const grouped = new Map<string, string[]>();
  for (const [index, one] of found.entries()) {
    const advice = adviceFor(one);
    grouped.set(advice, [...(grouped.get(advice) ?? []), names[index] ?? ""]);
  }
  return grouped;
}

function subjectOf(layers: readonly string[], ofAll: number): string {
  const isAll = layers.length === ofAll;
  if (isAll && ofAll > 1) return ofAll === 2 ? "both layers" : `all ${ofAll} layers`;
  const named = layers.slice(0, MOST_NAMES).join(", ");
  return layers.length > MOST_NAMES ? `${named} and ${layers.length - MOST_NAMES} more` : named;
}

/** Files go by their paths, layers of images by their digests, and by their image where there are several. */
function namesOf(found: readonly FoundLayer[]): readonly string[] {
  const files = new Set(found.map(({ layer }) => layer.file));
  const shown = shortened([...files]);
  return found.map(({ layer, report }) => {
    const file = shown.get(layer.file) ?? layer.file;
    if (layer.isWhole) return file;
    const digest = (layer.digest ?? report.digest).slice(0, DIGEST_LENGTH);
    return files.size === 1 ? digest : `${file} ${digest}`;
  });
}

/** @returns by path what to show; no two are alike. */
function shortened(paths: readonly string[]): ReadonlyMap<string, string> {
  const ends = paths.map((path) => {
    return path.length <= MOST_NAME_LENGTH ? path : `…${path.slice(1 - MOST_NAME_LENGTH)}`;
  });
  const areUnlike = new Set(ends).size === ends.length;
  return new Map(paths.map((path, index) => [path, areUnlike ? (ends[index] ?? path) : path]));
}
