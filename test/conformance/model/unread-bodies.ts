/** A server that answers after the head and takes the body for the next request, as careless ones do. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";

/** Answers 202 to everything that begins like a request, and 400 to the rest. */
export async function serveUnreadBodies(
  resources: AsyncDisposableStack,
): Promise<{ readonly origin: URL }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let pending = "";
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      pending += bytes.toString("latin1");
      for (let end = pending.indexOf(HEAD_END); end >= 0; end = pending.indexOf(HEAD_END)) {
        socket.write(answerTo(pending.slice(0, end)));
        pending = pending.slice(end + HEAD_END.length);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  resources.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { origin: new URL(`http://127.0.0.1:${address.port}`) };
}

function answerTo(head: string): string {
  const isRequest = /^[A-Z]+ \/[^ ]* HTTP\/1\.1\r\n/.test(head);
  const status = isRequest ? "202 Accepted" : "400 Bad Request";
  return `HTTP/1.1 ${status}\r\nLocation: /v2/x/blobs/uploads/1\r\nContent-Length: 0\r\n\r\n`;
}
