/** The file that holds a blob, opened so that nothing can be wrong with it before an answer begins. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { BlobStore } from "../content/blob-store.ts";
import { BlobUnknown } from "../content/errors.ts";
import type { StoredBlob } from "../content/presence.ts";
import { StorageUnavailable } from "../storage/errors.ts";
import type { BlobBody } from "./answer.ts";
import type { SentFile } from "./send-file.ts";

// Without O_NONBLOCK, opening a pipe that somebody left here would wait for ever.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Ways of the kernel to say that there is no such file: a symbolic link is none either. */
const ABSENCE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/**
 * The caller closes its handle. @returns `undefined` when the body does not come from one local file.
 * @throws {BlobUnknown} when it is gone. {@link StorageUnavailable} when it cannot be opened or has
 * another size than was said.
 */
export async function openSource(
  { parts }: BlobBody,
  blobs: BlobStore,
): Promise<SentFile | undefined> {
  const [blob, ...others] = parts.flatMap((part) => (part.kind === "blob" ? [part.blob] : []));
  if (blob === undefined || others.some(({ dataKey }) => dataKey !== blob.dataKey))
    return undefined;
  const path = blobs.localFile(blob);
  return path === undefined ? undefined : await openChecked(path, blob);
}

async function openChecked(path: string, blob: StoredBlob): Promise<SentFile> {
  await using resources = new AsyncDisposableStack();
  const handle = resources.use(await openFile(path, blob));
  const found = await handle.stat();
  if (!found.isFile()) throw new BlobUnknown(blob.digest);
  if (found.size !== blob.sizeBytes) {
    const message = `${blob.dataKey} holds ${found.size} bytes, not ${blob.sizeBytes}`;
    throw new StorageUnavailable(message, { reason: "size" });
  }
  resources.move();
  return { handle, id: `${found.dev}:${found.ino}`, ownerUid: found.uid };
}

async function openFile(path: string, { digest, dataKey }: StoredBlob): Promise<FileHandle> {
  try {
    return await open(path, FLAGS);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (ABSENCE.has(code)) throw new BlobUnknown(digest, { cause });
    throw new StorageUnavailable(`cannot open ${dataKey}: ${code}`, { reason: code, cause });
  }
}
