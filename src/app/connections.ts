/** What is open on a server: its connections, and the answers that each of them still owes. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";

/** One connection of a client; with TLS, its encrypted side. */
export class Connection {
  readonly socket: Socket;
  /** Looked at only when somebody asks: a listener on each answer would cost every request. */
  #answers: ServerResponse[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Answers that are not out yet, in the order of their requests. */
  get owed(): readonly ServerResponse[] {
    this.#forget();
    return this.#answers;
  }

  /** What node keeps of answers until the kernel takes it. */
  get queuedBytes(): number {
    let bytes = this.socket.writableLength;
    // Those that wait for their turn hold their bytes themselves.
    for (const answer of this.#answers) if (answer.socket === null) bytes += answer.writableLength;
    return bytes;
  }

  add(answer: ServerResponse): void {
    this.#forget();
    this.#answers.push(answer);
  }

  #forget(): void {
    const [first] = this.#answers;
    if (first === undefined || !first.closed) return;
    if (this.#answers.length === 1) this.#answers.pop();
    else this.#answers = this.#answers.filter(({ closed }) => !closed);
  }
}

/** All connections of one server, until it ends. */
export class Connections {
  readonly #open = new Map<Socket, Connection>();

  /** Call it before the server listens. */
  static of(server: Server): Connections {
    const connections = new Connections();
    server.on(connectionEvent(server), (socket: Socket) => connections.#add(socket));
    server.on("request", ({ socket }: IncomingMessage, answer: ServerResponse) => {
      connections.#open.get(socket)?.add(answer);
    });
    return connections;
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#open.values();
  }

  #add(socket: Socket): void {
    this.#open.set(socket, new Connection(socket));
    socket.once("close", () => this.#open.delete(socket));
  }
}

/** The event by which a server tells of a connection that can carry requests. */
export function connectionEvent(server: Server): "connection" | "secureConnection" {
  return server instanceof TlsServer ? "secureConnection" : "connection";
}

/**
 * Lets `closeIdleConnections`, which `close` calls as well, close only connections that owe no answer.
 *
 * Node also takes one for idle whose last answer has been handed over but not yet been sent: the slow
 * reader of a large blob would lose its end when the server stops.
 */
export function keepConnectionsThatOwe(server: Server, connections: Connections): void {
  server.closeIdleConnections = () => {
    for (const { socket, owed } of connections) if (owed.length === 0) socket.destroy();
  };
}
