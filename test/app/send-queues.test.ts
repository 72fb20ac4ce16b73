/** What the kernel tells of connections whose clients do not read. */
import { once } from "node:events";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it, vi } from "vitest";
import { readSendQueues } from "../../src/app/send-queues.ts";
import { writeCertificate } from "../fixtures/certificates.ts";
import { RawConnection } from "../fixtures/raw-http.ts";

/** More than all buffers between two sockets of one machine hold. */
const LARGE_BYTES = 32 * 2 ** 20;
const WAIT = { timeout: 20_000 };

/** The connection, as its server sees it, of a client that does not read. */
async function fill(
  resources: DisposableStack,
  server: Server,
  connect: () => Promise<RawConnection>,
): Promise<{ readonly socket: Socket; readonly client: RawConnection }> {
  const accepted = Promise.withResolvers<Socket>();
  for (const event of ["connection", "secureConnection"]) {
    if (event === "connection" && "setSecureContext" in server) continue;
    server.once(event, (socket: Socket) => {
      accepted.resolve(socket.on("error", () => undefined));
    });
  }
  const client = resources.use(await connect());
  client.socket.pause();
  const socket = await accepted.promise;
  resources.defer(() => socket.destroy());
  socket.write(Buffer.alloc(LARGE_BYTES));
  return { socket, client };
}

async function listenLocally(server: Server): Promise<URL> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  const scheme = "setSecureContext" in server ? "https" : "http";
  return new URL(`${scheme}://127.0.0.1:${port}`);
}

describe.runIf(platform() === "linux")("readSendQueues on Linux", () => {
  it("tells what a client has not taken, and that it takes it", async () => {
    await using server = createServer();
    const address = await listenLocally(server);
    using resources = new DisposableStack();
    const { socket, client } = await fill(resources, server, () => RawConnection.open(address));
    const queued = async (): Promise<number> => (await readSendQueues([socket])).get(socket) ?? -1;
    await vi.waitUntil(async () => (await queued()) > 0, WAIT);
    client.socket.resume();
    await vi.waitUntil(async () => (await queued()) === 0, WAIT);
  });

  it("knows connections of TLS", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-queue-"));
    const files = await writeCertificate(folder.path, "queue.test");
    const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
    await using server = createTlsServer({ cert, key });
    const address = await listenLocally(server);
    using resources = new DisposableStack();
    const { socket } = await fill(resources, server, () => RawConnection.open(address));
    await vi.waitUntil(async () => ((await readSendQueues([socket])).get(socket) ?? 0) > 0, WAIT);
  });
});

describe("readSendQueues", () => {
  it("tells nothing of sockets of the file system and of closed ones", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-queue-"));
    const path = join(folder.path, "queue.sock");
    await using server = createServer();
    await once(server.listen(path), "listening");
    using resources = new DisposableStack();
    const { socket } = await fill(resources, server, () => RawConnection.open(path));
    expect(await readSendQueues([socket])).toEqual(new Map());
    socket.destroy();
    expect(await readSendQueues([socket])).toEqual(new Map());
  });
});
