/** How a layer will travel, by what was found out about it. */
import type { LayerReport, RawLayer } from "../app/layer-report.ts";
import type { BytesKind } from "../layouts/bytes-kind.ts";
import type { StoredLayer } from "../layouts/stored-layer.ts";

/** A layer with what was found out about it. */
export interface FoundLayer {
  readonly layer: StoredLayer;
  readonly report: LayerReport;
}

/** Why a layer is not exact. The text says it of the layer, after "because ". */
export interface Flaw {
  readonly kind:
    | RawLayer["reason"]["kind"]
    | "wrong-digest" // the image names other bytes
    | "other-media-type" // the image says that it is compressed in another way
    | "encrypted"
    | "compressed-archive" // not a layer, but a whole archive of images
    | "other-compression" // neither gzip nor zstd, but another that is known
    | "not-a-layer"; // nothing that is known
  readonly text: string;
}

/**
 * What moves of a new version: what changed (`well`), that and corrections (`nearly`), all of it (`whole`).
 * What clients refuse should move `not at all`.
 */
export type Travels = "well" | "nearly" | "whole" | "not at all";

export interface Verdict {
  readonly travels: Travels;
  /** `undefined` when the layer is exact. */
  readonly flaw: Flaw | undefined;
}

export function verdictOf(found: FoundLayer): Verdict {
  const { result } = found.report;
  const flaw = flawOf(found);
  if (flaw !== undefined) return { travels: TRAVELS[flaw.kind], flaw };
  const isForeseen = result.kind === "exact" && result.findings.corrections === 0;
  return { travels: isForeseen ? "well" : "nearly", flaw };
}

const TRAVELS: Readonly<Record<Flaw["kind"], Travels>> = {
  "not-compressed": "well",
  "unknown-encoder": "whole",
  unsupported: "whole",
  "too-large-a-block": "whole",
  broken: "not at all",
  "wrong-digest": "not at all",
  "other-media-type": "not at all",
  encrypted: "whole",
  "compressed-archive": "whole",
  "other-compression": "whole",
  "not-a-layer": "whole",
};

/** What is asked of layers. */
export interface Gate {
  /** Whether none may move whole, or should not move at all. */
  readonly requireExact: boolean;
  /** Of a layer's size, above 0; a recipe may take no more. It asks for exact layers too. */
  readonly mostRecipeShare: number | undefined;
}

/** Whether every layer is as it is asked for, and there is one. */
export function holdsGate(found: readonly FoundLayer[], gate: Gate): boolean {
  const { requireExact, mostRecipeShare } = gate;
  if (!requireExact && mostRecipeShare === undefined) return true;
  const most = mostRecipeShare ?? Infinity;
  return found.length > 0 && found.every((one) => isExactEnough(one, most));
}

function isExactEnough(found: FoundLayer, mostRecipeShare: number): boolean {
  const { travels } = verdictOf(found);
  const { result, streamBytes } = found.report;
  if (travels !== "well" && travels !== "nearly") return false;
  return result.kind === "raw" || result.recipeBytes <= mostRecipeShare * streamBytes;
}

/** The gravest of several. */
function flawOf({ layer, report }: FoundLayer): Flaw | undefined {
  const { digest, mediaType } = layer;
  if (digest !== undefined && digest !== report.digest) {
    return { kind: "wrong-digest", text: `its bytes are not those of ${digest}` };
  }
  if (report.beginsAsImages && layer.isWhole) {
    const text = "it is an archive of images that was compressed as a whole";
    return { kind: "compressed-archive", text };
  }
  if (mediaType?.endsWith("+encrypted") === true)
    return { kind: "encrypted", text: "it is encrypted" };
  return damageOf(report) ?? disagreement(mediaType, report) ?? rawFlaw(report);
}

function damageOf({ result }: LayerReport): Flaw | undefined {
  if (result.kind === "raw") return result.reason.kind === "broken" ? result.reason : undefined;
  const { damage } = result.findings;
  return damage === undefined ? undefined : { kind: "broken", text: damage };
}

function disagreement(mediaType: string | undefined, { bytesKind }: LayerReport): Flaw | undefined {
  const said = /\.(tar)$|[.+](gzip|zstd)$/.exec(mediaType ?? "");
  const kind = said?.[1] ?? said?.[2];
  if (kind === undefined || kind === bytesKind) return undefined;
  const isWords = bytesKind === "other" ? "something else" : wordsFor(bytesKind);
  const text = `its image says that it is ${wordsFor(kind)}, and it is ${isWords}`;
  return { kind: "other-media-type", text };
}

function wordsFor(kind: string): string {
  return kind === "tar" ? "a plain tar" : kind;
}

function rawFlaw({ result, bytesKind }: LayerReport): Flaw | undefined {
  if (result.kind === "exact") return undefined;
  if (result.reason.kind !== "not-compressed") return result.reason;
  if (bytesKind === "tar") return { kind: "not-compressed", text: "it is not compressed" };
  if (OTHER_COMPRESSIONS.has(bytesKind)) {
    return { kind: "other-compression", text: `it is compressed with ${bytesKind}` };
  }
  return { kind: "not-a-layer", text: "it is neither a tar nor compressed with gzip or zstd" };
}

const OTHER_COMPRESSIONS: ReadonlySet<BytesKind> = new Set(["xz", "bzip2", "lz4"]);
