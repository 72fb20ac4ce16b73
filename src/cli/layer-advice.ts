/** One sentence for whoever builds an image: what its layer costs where a line is thin. */
import type { LayerReport } from "../app/layer-report.ts";

/** Above this a recipe is worth a word: ten times what encoders with a model take. */
const NOTABLE_RECIPE_SHARE = 0.001;

/** @returns a sentence without a line's end. */
export function adviceFor({ result, streamBytes }: LayerReport): string {
  if (result.kind === "exact") {
    const share = result.recipeBytes / Math.max(1, streamBytes);
    if (result.findings.corrections === 0 && share < NOTABLE_RECIPE_SHARE) {
      return "Travels well: of a new version only what changed in its files has to move.";
    }
    return (
      `Travels, at ${percent(share)} of its size more each time: this encoder is known only nearly; ` +
      "docker, podman, buildah, skopeo and crane write streams that cost nothing."
    );
  }
  switch (result.reason.kind) {
    case "not-compressed":
      return "Travels well: it is cut into chunks as it is.";
    case "broken":
      return "Do not ship it: no client can unpack it; build or copy the image again.";
    case "unknown-encoder":
    case "unsupported":
    case "too-large-a-block":
      return (
        "Moves whole each time: compress it again, for example with " +
        "`skopeo copy --dest-force-compress-format --dest-compress-format gzip`."
      );
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}
