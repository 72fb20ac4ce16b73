import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { BytesKind } from "../layouts/bytes-kind.ts";
import type { FileRange } from "../layouts/stored-layer.ts";
import type { Findings, RawReason } from "../recompress/outcome.ts";
import type { StreamFormat } from "../recompress/recipe.ts";

/** What is asked of the thread that inspects a layer. */
export interface InspectionJob extends FileRange {
  /** How to name the layer in messages. */
  readonly name: string;
  /** Of the digest that the report is to have. */
  readonly algorithm: DigestAlgorithm;
  readonly verify: boolean;
}

/** What was found out about one layer. */
export interface LayerReport {
  readonly streamBytes: number;
  /** Of the bytes as they lie there. */
  readonly digest: Digest;
  /** What they are, as far as their beginning tells. */
  readonly bytesKind: BytesKind;
  /** Whether the plain bytes begin as an archive of images does, which was then compressed as a whole. */
  readonly beginsAsImages: boolean;
  readonly result: ExactLayer | RawLayer;
}

/** A layer that a recipe brings back bit for bit. */
export interface ExactLayer {
  readonly kind: "exact";
  readonly format: StreamFormat;
  readonly findings: Findings;
  /** As it would be stored. */
  readonly recipeBytes: number;
  /** Whether that was tried here, and the digests were equal. */
  readonly isVerified: boolean;
}

/** A layer that is kept and moved as it is. */
export interface RawLayer {
  readonly kind: "raw";
  readonly reason: RawReason;
}

/** What the thread says. */
export type InspectionMessage =
  | { readonly kind: "progress"; readonly bytes: number }
  | { readonly kind: "report"; readonly report: LayerReport };

/** Both ends are the same program; this guards against a message that is none of theirs. */
export function isInspectionMessage(message: unknown): message is InspectionMessage {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  return message.kind === "progress" || message.kind === "report";
}
