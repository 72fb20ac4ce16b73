/** What the kernel still holds of what was written to connections: its clients have not acknowledged it. */
import { readFile, readlink } from "node:fs/promises";
import type { Socket } from "node:net";

/** IPv4 and IPv6; a host may lack one of them. */
const TABLES = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
/** Columns of the tables: `tx_queue:rx_queue` in hexadecimal, and the inode of the socket. */
const QUEUES = 4;
const INODE = 9;

/**
 * Never throws. @returns bytes by connection; one is missing when nobody can tell, as for sockets of
 * the file system and on systems other than Linux.
 */
export async function readSendQueues(
  sockets: readonly Socket[],
): Promise<ReadonlyMap<Socket, number>> {
  const queues = new Map<string, number>();
  for (const table of TABLES) {
    for (const line of (await readFile(table, "latin1").catch(() => "")).split("\n")) {
      const columns = line.trim().split(/\s+/);
      const queued = Number.parseInt(columns[QUEUES] ?? "", 16);
      const inode = columns[INODE];
      if (inode !== undefined && !Number.isNaN(queued)) queues.set(`socket:[${inode}]`, queued);
    }
  }
  const found = new Map<Socket, number>();
  for (const socket of sockets) {
    const queued = queues.get(await nameOf(socket));
    if (queued !== undefined) found.set(socket, queued);
  }
  return found;
}

/** As `/proc` names it, `socket:[inode]`; empty when it is closed. */
async function nameOf(socket: Socket): Promise<string> {
  // Node has no public name for the descriptor of a socket.
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return await readlink(`/proc/self/fd/${String(fd)}`).catch(() => "");
}
