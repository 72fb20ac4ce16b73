import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";

/**
 * Lets `closeIdleConnections`, which `close` calls as well, close only connections that owe no answer.
 *
 * Node also takes one for idle whose last answer has been handed over but not yet been sent: the slow
 * reader of a large blob would lose its end when the server stops.
 */
export function keepConnectionsThatOwe(server: Server): void {
  const owed = new Map<Socket, number>();
  const owe = (socket: Socket, change: number): void => {
    const answers = owed.get(socket);
    if (answers !== undefined) owed.set(socket, answers + change);
  };
  const event = server instanceof TlsServer ? "secureConnection" : "connection";
  server.on(event, (socket: Socket) => {
    owed.set(socket, 0);
    socket.once("close", () => owed.delete(socket));
  });
  server.on("request", ({ socket }: IncomingMessage, outgoing: ServerResponse) => {
    owe(socket, 1);
    outgoing.once("close", () => owe(socket, -1));
  });
  server.closeIdleConnections = () => {
    for (const [socket, answers] of owed) if (answers === 0) socket.destroy();
  };
}
