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
    // Node remembers it: once a connection is gone, the system does not know any more who it was.
    void socket.remoteAddress;
  }

  /** Answers that are not out yet, or whose request has not come to its end, in the order of the requests. */
  get unfinished(): readonly ServerResponse[] {
    this.#forget();
    return this.#answers;
  }

  /** Answers that are not out yet, in the order of their requests. */
  get owed(): readonly ServerResponse[] {
    return this.unfinished.filter(({ closed }) => !closed);
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
    if (first === undefined || !isFinished(first)) return;
    if (this.#answers.length === 1) this.#answers.pop();
    else this.#answers = this.#answers.filter((answer) => !isFinished(answer));
  }
}

function isFinished({ closed, req }: ServerResponse): boolean {
  return closed && (req.complete || req.destroyed);
}

/** All connections of one server, until it ends. */
export class Connections {
  readonly #open = new Map<Socket, Connection>();

  /** Call it before the server listens. */
  static of(server: Server): Connections {
    const connections = new Connections();
    server.on(connectionEvent(server), (socket: Socket) => connections.#add(socket));
    const add = ({ socket }: IncomingMessage, answer: ServerResponse): void =>
      connections.#open.get(socket)?.add(answer);
    server.on("request", add);
    // The body of such a request is dropped, but has to come.
    server.on("checkExpectation", add);
    return connections;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @returns `undefined` once it is closed. */
  of(socket: Socket): Connection | undefined {
    return this.#open.get(socket);
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
