/** What `barge layer inspect` prints: a table with advice for people, one document for scripts. */
import { printable } from "../client/printable.ts";
import { bytesText } from "./bytes-text.ts";
import type { Io } from "./io.ts";
import { adviceFor, type FoundLayer, isDamaged, isForeseen } from "./layer-advice.ts";
import { printJson } from "./print-json.ts";
import { formatTable } from "./table.ts";

const HEADINGS = ["LAYER", "SIZE", "TAR", "ENCODER", "LEVEL", "FRAMING", "EXACT", "RECIPE"];
/** A longer path is cut at its front, where it tells least. */
const MOST_NAME_LENGTH = 48;
const DIGEST_LENGTH = "sha256:".length + 12;
/** How many layers a line of advice names. */
const MOST_NAMES = 4;

/** The shape that scripts rely on. Sizes are bytes; what is not known of a raw layer is left out. */
export function printDocument(found: readonly FoundLayer[], io: Io): void {
  const document = found.map(({ layer, report }) => ({
    file: layer.file,
    digest: report.digest,
    gzipBytes: report.streamBytes,
    ...membersOf({ layer, report }),
    advice: adviceFor({ layer, report }),
  }));
  printJson(document, io);
}

function membersOf({ layer, report }: FoundLayer): object {
  const { result, streamBytes } = report;
  if (isDamaged({ layer, report })) {
    const reason = `its bytes are not those of ${layer.digest}`;
    return { exact: false, reason, reasonKind: "wrong-digest" };
  }
  if (result.kind === "raw") {
    const { kind: reasonKind, text: reason } = result.reason;
    const tar = reasonKind === "not-compressed" ? { tarBytes: streamBytes } : {};
    return { ...tar, exact: false, reason, reasonKind };
  }
  const { format, findings, recipeBytes, isVerified: verified } = result;
  const { encoder, level, framing, corrections, plainBytes: tarBytes } = findings;
  const who = { tarBytes, format, encoder, level, framing };
  return { ...who, exact: true, verified, corrections, recipeBytes };
}

/** Prints nothing when nothing was found. */
export function printText(found: readonly FoundLayer[], { stdout }: Pick<Io, "stdout">): void {
  if (found.length === 0) return;
  const names = namesOf(found);
  const rows = found.map((one, index) => [names[index] ?? "", ...cellsOf(one)]);
  stdout(`${formatTable(HEADINGS, rows)}\n`);
  for (const [advice, layers] of byAdvice(found, names)) {
    stdout(`${printable(subjectOf(layers, found.length))}: ${advice}\n`);
  }
}

function cellsOf(found: FoundLayer): readonly string[] {
  const { result, streamBytes } = found.report;
  const size = bytesText(streamBytes);
  if (isDamaged(found)) return [size, "", "", "", "", "damaged", ""];
  if (result.kind === "raw") {
    if (result.reason.kind !== "not-compressed") return [size, "", "", "", "", "no", ""];
    return [size, size, "none", "", "", "as it is", ""];
  }
  const { findings, recipeBytes } = result;
  const { encoder, level, framing, plainBytes } = findings;
  const who = isForeseen(result) ? encoder : `like ${encoder}`;
  return [size, bytesText(plainBytes), who, level, framing, "yes", bytesText(recipeBytes)];
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
