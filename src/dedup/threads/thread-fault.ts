import { ChunkDamaged, ChunkMissing } from "../../chunks/packs/packed-chunks.ts";
import { BlobRecipeError } from "../../chunks/recipe/blob-recipe-error.ts";
import { errorText } from "../../lib/error-text.ts";
import { isDamagedFile } from "../../lib/sqlite-cache.ts";
import { BrokenStream, UnsupportedStream } from "../../recompress/stream-errors.ts";
import { HostReadFailed } from "./store-host.ts";
import type { ThreadFault } from "./thread-messages.ts";
import { WrongBytes } from "./wrong-bytes.ts";

/** What an error says that is not the program's own. @returns `undefined` for one that is. */
export function faultOf(error: unknown): ThreadFault | undefined {
  if (error instanceof ChunkMissing) return { kind: "chunk-missing", id: error.id };
  if (error instanceof ChunkDamaged) {
    return { kind: "chunk-damaged", id: error.id, pack: error.pack, at: error.at };
  }
  if (error instanceof BlobRecipeError) return { kind: "recipe", text: error.message };
  if (error instanceof HostReadFailed) {
    return { kind: error.isGone ? "gone" : "unreadable", text: error.message };
  }
  if (isDamagedFile(error)) return { kind: "index-damaged", text: errorText(error) };
  if (isWrong(error)) return { kind: "wrong-bytes", text: error.message };
  return undefined;
}

/** Data whose stream cannot be followed any more is not what it was when its recipe was made. */
function isWrong(error: unknown): error is Error {
  return (
    error instanceof WrongBytes ||
    error instanceof BrokenStream ||
    error instanceof UnsupportedStream
  );
}
