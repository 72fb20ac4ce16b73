/** A socket in the file system, as an address to listen on. */
import { once } from "node:events";
import { chmod, stat, unlink } from "node:fs/promises";
import { connect } from "node:net";

/** Owner and group may connect, as with the reference registry: a proxy runs as another user. */
const MODE = 0o660;

/** Removes the socket of a process that died without doing so. One that answers, and any other file, stays. */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isSocket() || (await isAnswering(path))) return;
  await unlink(path).catch(() => undefined);
}

/** Only the owner may connect. */
const PRIVATE_MODE = 0o600;

/** Call it as soon as the socket is there. */
export async function setSocketMode(
  path: string,
  { isPrivate }: { readonly isPrivate: boolean },
): Promise<void> {
  await chmod(path, isPrivate ? PRIVATE_MODE : MODE);
}

async function isAnswering(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ECONNREFUSED");
  } finally {
    socket.destroy();
  }
}
