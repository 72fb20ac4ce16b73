/** Standard input as a file: a layout is read here and there, which a pipe cannot. */
import { createWriteStream } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { asNoRoom } from "../app/layer-room.ts";
import { UsageError } from "./usage-error.ts";

export interface Spool extends AsyncDisposable {
  readonly path: string;
}

/**
 * Keeps all of standard input in a file that nobody else can read, till what comes back is disposed.
 *
 * @throws {UsageError} when a person would have to type a layer; `signal.reason`; {LayoutError} when
 * there is no room for it.
 */
export async function spooled(
  stdin: Readable & { readonly isTTY?: boolean },
  signal: AbortSignal,
): Promise<Spool> {
  if (stdin.isTTY === true) {
    throw new UsageError("- is standard input, which is a terminal: pipe a layer or an archive in");
  }
  await using making = new AsyncDisposableStack();
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-layer-"));
  making.defer(async () => await folder.remove());
  const path = join(folder.path, "stdin");
  try {
    await pipeline(stdin, createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw asNoRoom(cause, "standard input");
  }
  const made = making.move();
  return { path, [Symbol.asyncDispose]: async () => await made.disposeAsync() };
}
