/** What the program and its threads for blobs say to each other. Both ends are the same program. */
import type { ChunkId } from "../../chunks/chunk-id.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RebuildPiece } from "../../recompress/rebuild-plan.ts";

/** What a thread is started with. */
export interface ThreadData {
  /** Of the chunk index's file. */
  readonly indexPath: string;
  /** Whether it is to have only the time that nobody else wants. */
  readonly isIdle: boolean;
}

/** Makes a piece of a blob of its chunks. */
export interface MakeOrder {
  readonly kind: "make";
  /** Of the blob, as it is stored. */
  readonly recipe: Uint8Array;
  /** Which piece of its stream; `undefined` for a blob that is its own plain bytes. */
  readonly piece: RebuildPiece | undefined;
  /** Of the blob's plain bytes, where they are what is made: the first, */
  readonly from: number;
  /** and the one after the last. */
  readonly until: number;
  /** Whether all chunks are read from the store, whatever the thread remembers of them. */
  readonly isProof: boolean;
}

/** Finds out how a blob is made. */
export interface IndexOrder {
  readonly kind: "index";
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Chunks that are missed: those of them that the blob has come out as packs. */
  readonly wanted: readonly ChunkId[];
}

/** Makes packs of the chunks of a blob that no pack has. */
export interface PackOrder {
  readonly kind: "pack";
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** As it is stored. */
  readonly recipe: Uint8Array;
  /** Of a blob like it, whose chunks are in packs, to lean on. */
  readonly base: Uint8Array | undefined;
}

export type ThreadOrder = MakeOrder | IndexOrder | PackOrder;

/** What came of a blob that was to be indexed. */
export interface IndexResult {
  readonly kind: "index";
  /** As it is to be stored. `undefined` when the blob is to stay as it is. */
  readonly recipe: Uint8Array | undefined;
  /** Why there is none, or why its compression stays as it is. */
  readonly reason: string | undefined;
}

/** What came of a blob that was to be packed. */
export interface PackResult {
  readonly kind: "pack";
  /** Chunks that no pack had. */
  readonly chunks: number;
  /** Bytes of the packs that came out. */
  readonly packBytes: number;
  /** Whether it was given up, for the packs would have been larger than the blob. */
  readonly isTooLarge: boolean;
}

export type ThreadResult = { readonly kind: "make" } | IndexResult | PackResult;

/** An object that a thread reads of. */
export type ReadPlace =
  | { readonly kind: "blob"; readonly digest: Digest }
  | { readonly kind: "pack"; readonly name: string };

/** What kept a thread from doing what it was told. */
export type ThreadFault =
  /** The recipe is damaged, or is not for these chunks. */
  | { readonly kind: "recipe"; readonly text: string }
  | { readonly kind: "chunk-missing"; readonly id: ChunkId }
  | {
      readonly kind: "chunk-damaged";
      readonly id: ChunkId;
      readonly pack: string;
      readonly at: number;
    }
  /** What this machine remembers of packs cannot be read. */
  | { readonly kind: "index-damaged"; readonly text: string }
  /** The blob's data is not what its name says. */
  | { readonly kind: "wrong-bytes"; readonly text: string }
  /** The object was there, and is no more. */
  | { readonly kind: "gone"; readonly text: string }
  /** The store could not be read. */
  | { readonly kind: "unreadable"; readonly text: string };

export type ToThread =
  | { readonly kind: "order"; readonly index: number; readonly order: ThreadOrder }
  /** Of the order's bytes. */
  | { readonly kind: "taken"; readonly index: number; readonly bytes: number }
  | { readonly kind: "given"; readonly read: number; readonly bytes: Uint8Array }
  | {
      readonly kind: "not-given";
      readonly read: number;
      readonly isGone: boolean;
      readonly text: string;
    };

export type FromThread =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** The bytes so far make a whole, and what follows makes another. */
  | { readonly kind: "cut" }
  /** So many bytes of the blob more were read. */
  | { readonly kind: "progress"; readonly bytes: number }
  | {
      readonly kind: "read";
      readonly read: number;
      readonly place: ReadPlace;
      readonly at: number;
      readonly sizeBytes: number;
    }
  /** A frame of a pack is damaged. */
  | { readonly kind: "damaged"; readonly pack: string; readonly at: number }
  | { readonly kind: "done"; readonly result: ThreadResult }
  | { readonly kind: "failed"; readonly fault: ThreadFault };

const TO_THREAD: ReadonlySet<unknown> = new Set(["order", "taken", "given", "not-given"]);
const FROM_THREAD: ReadonlySet<unknown> = new Set([
  "bytes",
  "cut",
  "progress",
  "read",
  "damaged",
  "done",
  "failed",
]);

/** Guards against a message that is none of theirs. */
export function isToThread(message: unknown): message is ToThread {
  return TO_THREAD.has(kindOf(message));
}

export function isFromThread(message: unknown): message is FromThread {
  return FROM_THREAD.has(kindOf(message));
}

export function isThreadData(data: unknown): data is ThreadData {
  return typeof data === "object" && data !== null && "indexPath" in data && "isIdle" in data;
}

function kindOf(message: unknown): unknown {
  if (typeof message !== "object" || message === null || !("kind" in message)) return undefined;
  return message.kind;
}
