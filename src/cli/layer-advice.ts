/** One sentence for whoever builds an image: what its layer costs where a line is thin. */
import type { ExactLayer, LayerReport, RawLayer } from "../app/layer-report.ts";
import type { StoredLayer } from "../layouts/stored-layer.ts";
/** Archives of docker hold layers as plain tar, whatever they are in a registry. */
const PLAIN_IN_IMAGE =
  "Travels well: it is not compressed here; docker, podman, buildah, skopeo and crane will push it in a " +
  "stream that is exact.";

/** A layer with what was found out about it. */
export interface FoundLayer {
  readonly layer: StoredLayer;
  readonly report: LayerReport;
}

/** Above this a recipe is worth a word: ten times what encoders with a model take. */
const NOTABLE_RECIPE_SHARE = 0.001;
/** Of so small a recipe nobody minds the share. */
const NOTABLE_RECIPE_BYTES = 1000;

const WELL = "Travels well: of a new version only what changed in its files has to move.";

/** @returns a sentence or two without a line's end. */
export function adviceFor({ layer, report }: FoundLayer): string {
  if (isDamaged({ layer, report })) {
    return "Do not ship it: its bytes are not those that the image names; build or copy the image again.";
  }
  if (report.beginsAsImages && layer.isWhole) {
    return (
      "It looks like an archive of images that was compressed as a whole: decompress it first, " +
      "for example with `gzip -dc FILE | barge layer inspect -`."
    );
  }
  const { result } = report;
  if (result.kind === "exact") return adviceForExact(result);
  const isPlain = result.reason.kind === "not-compressed";
  return isPlain && !layer.isWhole ? PLAIN_IN_IMAGE : adviceForRaw(result.reason);
}

/** Whether a new version of the layer moves whole, or should not be moved at all. */
export function movesWhole(found: FoundLayer): boolean {
  const { beginsAsImages, result } = found.report;
  if (isDamaged(found) || (beginsAsImages && found.layer.isWhole)) return true;
  return result.kind === "raw" && result.reason.kind !== "not-compressed";
}

/** Whether the bytes are other ones than the image says. */
export function isDamaged({ layer, report }: FoundLayer): boolean {
  return layer.digest !== undefined && layer.digest !== report.digest;
}

/** Whether the encoder is one that has a model, as far as the recipe's size tells. */
export function isForeseen({ findings, recipeBytes }: ExactLayer): boolean {
  if (recipeBytes <= NOTABLE_RECIPE_BYTES) return true;
  return recipeBytes <= findings.streamBytes * NOTABLE_RECIPE_SHARE;
}

function adviceForExact(result: ExactLayer): string {
  if (isForeseen(result)) return WELL;
  const share = result.recipeBytes / Math.max(1, result.findings.streamBytes);
  return (
    `Travels, but each version costs ${percent(share)} of its size on top: its encoder is known only ` +
    "nearly; docker, podman, buildah, skopeo and crane write layers that cost nothing."
  );
}

function adviceForRaw({ kind, text }: RawLayer["reason"]): string {
  switch (kind) {
    case "not-compressed":
      return "Travels well: it is not compressed, and is cut into chunks as it is.";
    case "broken":
      return `Do not ship it: ${text}; no client can unpack it; build or copy the image again.`;
    case "unknown-encoder":
    case "unsupported":
    case "too-large-a-block":
      return (
        `Moves whole each time, because ${text}: compress it again, for example with ` +
        "`skopeo copy --dest-force-compress-format --dest-compress-format gzip` of a recent skopeo."
      );
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}
