/** One sentence for whoever builds an image: what its layer costs where a line is thin. */
import type { ExactLayer } from "../app/layer-report.ts";
import type { BytesKind } from "../layouts/bytes-kind.ts";
import { percentText } from "./percent-text.ts";
import { type Flaw, type FoundLayer, verdictOf } from "./layer-verdict.ts";

/** Above this a recipe is worth a word: ten times what encoders with a model take. */
const NOTABLE_RECIPE_SHARE = 0.001;
/** Of so small a recipe nobody minds the share. */
const NOTABLE_RECIPE_BYTES = 1000;

const WELL = "Travels well: of a new version only what changed in its files has to move.";
const PLAIN =
  "Travels well: it is not compressed, and of a new version only what changed in its files has to move.";
/** Some clients compress such layers on the way to a registry, and some do not. */
const PLAIN_IN_IMAGE =
  "Travels well: it is not compressed here; clients push it so, or compress it on the way, and what docker, " +
  "podman, buildah, skopeo and crane write then is exact.";

/** @returns a sentence or two without a line's end. */
export function adviceFor(found: FoundLayer): string {
  const { flaw } = verdictOf(found);
  if (flaw !== undefined) return ADVICE[flaw.kind](flaw, found);
  const { result } = found.report;
  if (result.kind === "raw") return WELL;
  return result.findings.corrections === 0
    ? adviceForForeseen(result)
    : adviceForLike(result, found);
}

function adviceForForeseen(result: ExactLayer): string {
  const share = recipeShare(result);
  const isNotable = share > NOTABLE_RECIPE_SHARE && result.recipeBytes > NOTABLE_RECIPE_BYTES;
  return isNotable ? `${WELL} Its recipe takes ${percentText(share)} of its size on top.` : WELL;
}

function adviceForLike(result: ExactLayer, found: FoundLayer): string {
  return (
    "Travels, but its encoder is known only nearly, and each version costs " +
    `${percentText(recipeShare(result))} of its size on top: to save that, compress it again, ${howTo(found)}.`
  );
}

type Advise = (flaw: Flaw, found: FoundLayer) => string;

const movesWhole: Advise = ({ text }, found) => {
  return `Moves whole each time, because ${text}: compress it again, ${howTo(found)}.`;
};

const ADVICE: Readonly<Record<Flaw["kind"], Advise>> = {
  "not-compressed": (_, { layer }) => (layer.isWhole ? PLAIN : PLAIN_IN_IMAGE),
  "unknown-encoder": movesWhole,
  unsupported: movesWhole,
  "too-large-a-block": movesWhole,
  "other-compression": movesWhole,
  broken: ({ text }, found) => {
    return `Do not ship it: ${text}, and clients refuse it; ${makeAgain(found)}.`;
  },
  "wrong-digest": (_, found) => {
    return `Do not ship it: its bytes are not those that the image names; ${makeAgain(found)}.`;
  },
  "other-media-type": ({ text }, found) => {
    return `Do not ship it: ${text}, which some clients will not unpack; ${makeAgain(found)}.`;
  },
  encrypted: () => {
    return "Moves whole each time: it is encrypted, and a new version shares no bytes with it.";
  },
  "compressed-archive": (_, { report }) => {
    const program = DECOMPRESS[report.bytesKind] ?? "gzip -dc";
    return (
      "It looks like an archive of images that was compressed as a whole: decompress it first, " +
      `for example with \`${program} FILE | barge layer inspect -\`.`
    );
  },
  "not-a-layer": ({ text }) => `Moves whole each time: ${text}.`,
};

function makeAgain({ layer }: FoundLayer): string {
  return layer.isWhole ? "make it again" : "build or copy the image again";
}

/** By programs that write to standard output what a file holds. */
const DECOMPRESS: Readonly<Partial<Record<BytesKind, string>>> = {
  gzip: "gzip -dc",
  zstd: "zstd -dc",
  xz: "xz -dc",
  bzip2: "bzip2 -dc",
  lz4: "lz4 -dc",
};

/** A file is compressed again as it is; an image by way of plain layers, which every skopeo can do. */
function howTo({ layer, report }: FoundLayer): string {
  if (layer.isWhole) {
    const program = DECOMPRESS[report.bytesKind] ?? "gzip -dc";
    return `for example with \`${program} FILE | gzip -n > NEW\``;
  }
  const plain = "skopeo copy --dest-decompress IMAGE dir:plain";
  return `for example with \`${plain} && skopeo copy dir:plain NEW\``;
}

function recipeShare({ findings, recipeBytes }: ExactLayer): number {
  return recipeBytes / Math.max(1, findings.streamBytes);
}
