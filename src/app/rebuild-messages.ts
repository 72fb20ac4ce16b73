import type { FileRange } from "../layouts/stored-layer.ts";
import type { RebuildPiece } from "../recompress/rebuild-plan.ts";

/** What a thread that rebuilds is started with. */
export interface RebuildTask {
  /** As it is stored. */
  readonly recipe: Uint8Array;
  /** Where all plain bytes are. */
  readonly plain: FileRange;
}

/** What such a thread is told: a piece when it has none, and how many bytes of a piece were taken. */
export type RebuildOrder =
  | { readonly kind: "piece"; readonly index: number; readonly piece: RebuildPiece }
  | { readonly kind: "taken"; readonly index: number; readonly bytes: number };

/** What it says, all of the piece that it was told last. */
export type RebuildNews =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** So many plain bytes more are rebuilt. */
  | { readonly kind: "progress"; readonly plainBytes: number }
  | { readonly kind: "done" }
  /** The recipe is damaged, or is not for these bytes. */
  | { readonly kind: "refused"; readonly text: string };

/** Both ends are the same program; these guard against a message that is none of theirs. */
export function isRebuildOrder(message: unknown): message is RebuildOrder {
  const kind = kindOf(message);
  return kind === "piece" || kind === "taken";
}

export function isRebuildNews(message: unknown): message is RebuildNews {
  const kind = kindOf(message);
  return kind === "bytes" || kind === "progress" || kind === "done" || kind === "refused";
}

export function isRebuildTask(data: unknown): data is RebuildTask {
  return typeof data === "object" && data !== null && "recipe" in data && "plain" in data;
}

function kindOf(message: unknown): unknown {
  if (typeof message !== "object" || message === null || !("kind" in message)) return undefined;
  return message.kind;
}
