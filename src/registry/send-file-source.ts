/** The file that holds a blob, opened so that nothing can be wrong with it before an answer begins. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { BlobStore } from "../content/blob-store.ts";
import { BlobUnknown } from "../content/errors.ts";
import type { StoredBlob } from "../content/presence.ts";
import { StorageUnavailable } from "../storage/errors.ts";
import type { BlobBody } from "./answer.ts";
import type { OpenedFile, OpenFiles } from "./open-files.ts";
import type { SentFile } from "./sent-file.ts";

// Without O_NONBLOCK, opening a pipe that somebody left here would wait for ever.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Ways of the kernel to say that there is no such file: a symbolic link is none either. */
const ABSENCE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/**
 * The caller disposes of it. @returns `undefined` when the body does not come from one local file, and when
 * that is gone: the blob may have gone cold since it was found.
 * @throws {StorageUnavailable} when it cannot be opened or has another size than was said.
 */
export async function openSource(
  { parts }: BlobBody,
  { blobs, openFiles }: { readonly blobs: BlobStore; readonly openFiles: OpenFiles },
): Promise<(SentFile & Disposable) | undefined> {
  const [blob, ...others] = parts.flatMap((part) => (part.kind === "blob" ? [part.blob] : []));
  if (blob === undefined || others.some(({ dataKey }) => dataKey !== blob.dataKey))
    return undefined;
  const path = blobs.localFile(blob);
  if (path === undefined) return undefined;
  using resources = new DisposableStack();
  const borrowed = await openFiles.borrow(path, () => openChecked(path, blob)).catch(goneAsNone);
  if (borrowed === undefined) return undefined;
  const lent = resources.use(borrowed);
  const { handle, stats } = lent;
  checkSize(stats.size, blob);
  const owned = resources.move();
  const id = `${stats.dev}:${stats.ino}`;
  const ownerUid = Number(stats.uid);
  return { handle, id, ownerUid, [Symbol.dispose]: () => owned.dispose() };
}

function goneAsNone(error: unknown): undefined {
  if (!(error instanceof BlobUnknown)) throw error;
}

async function openChecked(path: string, blob: StoredBlob): Promise<OpenedFile> {
  await using resources = new AsyncDisposableStack();
  const handle = resources.use(await openFile(path, blob));
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) throw new BlobUnknown(blob.digest);
  checkSize(stats.size, blob);
  resources.move();
  return { handle, stats };
}

function checkSize(foundBytes: bigint, { dataKey, sizeBytes }: StoredBlob): void {
  if (foundBytes === BigInt(sizeBytes)) return;
  const message = `${dataKey} holds ${foundBytes} bytes, not ${sizeBytes}`;
  throw new StorageUnavailable(message, { reason: "size" });
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
