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

/** Call it as soon as the socket is there. */
export async function openToGroup(path: string): Promise<void> {
  await chmod(path, MODE);
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
