import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { BytesKind } from "../layouts/bytes-kind.ts";
import type { FileRange } from "../layouts/stored-layer.ts";
import type { Findings, RawReason } from "../recompress/outcome.ts";
import type { StreamFormat } from "../recompress/recipe.ts";

/** What is asked of the thread that inspects layers. */
export type InspectionJob = InspectJob | HoldJob;

interface LayerJob extends FileRange {
  /** How to name the layer in messages. */
  readonly name: string;
  /** Of the digest that is to be found. */
  readonly algorithm: DigestAlgorithm;
}

/** To look into a layer. */
export interface InspectJob extends LayerJob {
  readonly kind: "inspect";
  readonly verify: boolean;
  /** What to compare it with: those that were held before. */
  readonly bases: readonly HeldBase[];
}

/** To keep the chunks of a layer that others will be compared with. */
export interface HoldJob extends LayerJob {
  readonly kind: "hold";
  readonly base: HeldBase;
}

/** A layer that others are compared with. */
export interface HeldBase {
  /** As it was named. */
  readonly file: string;
  /** Whether the file is the layer, and not an image that has it. */
  readonly isWhole: boolean;
  /** An empty folder where its chunks are kept. */
  readonly folder: string;
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
  /** As a registry would keep it. `undefined` when it has so many files that it would not be chunked. */
  readonly chunks: ChunkCount | undefined;
  /** `undefined` when nothing is held to compare it with, or it would not be chunked. */
  readonly base: BaseComparison | undefined;
}

/** What a layer is cut into: its files, or all of it where it is kept as it is. */
export interface ChunkCount {
  readonly count: number;
  /** Of all chunks together. */
  readonly sizeBytes: number;
}

/** A layer beside the one of those held that it shares most with. */
export interface BaseComparison extends Pick<HeldBase, "file" | "isWhole"> {
  /** Of the base. */
  readonly digest: Digest;
  /** Plain bytes in chunks that the base has as well. */
  readonly sharedBytes: number;
  /** What has to travel to someone who holds the base. */
  readonly deltaBytes: number;
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

/** What the thread says; all but progress ends a job. */
export type InspectionMessage = InspectionAnswer | ProgressMessage;

export interface ProgressMessage {
  readonly kind: "progress";
  /** Read since it was told last. */
  readonly bytes: number;
}

export type InspectionAnswer =
  | { readonly kind: "report"; readonly report: LayerReport }
  | { readonly kind: "held" };

const MESSAGE_KINDS: ReadonlySet<unknown> = new Set(["progress", "report", "held"]);

/** Both ends are the same program; this guards against a message that is none of theirs. */
export function isInspectionMessage(message: unknown): message is InspectionMessage {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  return MESSAGE_KINDS.has(message.kind);
}

/** As {@link isInspectionMessage}. */
export function isInspectionJob(message: unknown): message is InspectionJob {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  const isInspect = message.kind === "inspect" && "verify" in message;
  return isInspect ? typeof message.verify === "boolean" : message.kind === "hold";
}
