/**
 * Reads answers and has the kernel throw their bodies away (`MSG_TRUNC`, tcp(7)), so that the reader
 * takes hardly any CPU from the server that it measures. Linux only; it blocks its thread to the end.
 */
import { dlopen, getInt32 } from "node:ffi";
import {
  expectedLength,
  formatRequest,
  type JobResult,
  NO_RESULT,
  p99Of,
  parseHead,
  type ReadJob,
  type ReadRequest,
} from "./load-job.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const POLLIN = 1;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
const EINTR = 4;
const POLLFD_BYTES = 8;
const SILENCE_MS = 30_000;
const SLICE_BYTES = 4 * 1024 * 1024;
const HEAD_BYTES = 16 * 1024;

interface Connection {
  readonly socket: number;
  readonly requests: readonly ReadRequest[];
  next: number;
  head: string;
  /** `undefined` while the head has not come. */
  leftBytes: number | undefined;
  startedMs: number;
}

type Kernel = ReturnType<typeof openKernel>;

/** @throws {Error} when an answer is not the right one or a connection breaks. */
export function readAndDiscard(job: ReadJob): JobResult {
  const kernel = openKernel();
  const port = Number(new URL(job.origin).port);
  const connections = job.clients.map((requests) => connect(kernel, port, requests));
  try {
    return new Reading(kernel, connections, job.durationMs).run();
  } finally {
    for (const { socket } of connections) kernel.close(socket);
  }
}

function openKernel() {
  const { functions } = dlopen("libc.so.6", {
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    connect: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    close: { arguments: ["i32"], return: "i32" },
    send: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
    recv: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
    poll: { arguments: ["buffer", "u64", "i32"], return: "i32" },
    __errno_location: { arguments: [], return: "pointer" },
  });
  return functions;
}

function connect(kernel: Kernel, port: number, requests: readonly ReadRequest[]): Connection {
  const socket = kernel.socket(AF_INET, SOCK_STREAM, 0);
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  if (kernel.connect(socket, address, address.length) !== 0) throw new Error("cannot connect");
  return { socket, requests, next: 0, head: "", leftBytes: undefined, startedMs: 0 };
}

class Reading {
  readonly #kernel: Kernel;
  readonly #connections: readonly Connection[];
  readonly #untilMs: number | undefined;
  readonly #startedMs = performance.now();
  readonly #scratch = Buffer.alloc(SLICE_BYTES);
  readonly #latenciesMs: number[] = [];
  readonly #polled: Buffer;
  #sizeBytes = 0;
  #open: number;

  constructor(kernel: Kernel, connections: readonly Connection[], durationMs: number | undefined) {
    this.#kernel = kernel;
    this.#connections = connections;
    this.#untilMs = durationMs === undefined ? undefined : this.#startedMs + durationMs;
    this.#open = connections.length;
    this.#polled = Buffer.alloc(connections.length * POLLFD_BYTES);
    connections.forEach(({ socket }, index) => {
      this.#polled.writeInt32LE(socket, index * POLLFD_BYTES);
      this.#polled.writeInt16LE(POLLIN, index * POLLFD_BYTES + 4);
    });
  }

  run(): JobResult {
    for (const connection of this.#connections) this.#ask(connection);
    while (this.#open > 0) {
      const ready = this.#kernel.poll(this.#polled, BigInt(this.#connections.length), SILENCE_MS);
      if (ready === 0) throw new Error("nothing came for half a minute");
      this.#connections.forEach((connection, index) => {
        if (this.#polled.readInt16LE(index * POLLFD_BYTES + 6) !== 0) this.#read(connection, index);
      });
    }
    const elapsedMs = performance.now() - this.#startedMs;
    const p99Ms = p99Of(this.#latenciesMs);
    const requests = this.#latenciesMs.length;
    return { ...NO_RESULT, elapsedMs, sizeBytes: this.#sizeBytes, requests, p99Ms };
  }

  #ask(connection: Connection): void {
    const request = connection.requests[connection.next % connection.requests.length];
    if (request === undefined) throw new Error("a client has nothing to ask");
    const text = formatRequest(request);
    connection.startedMs = performance.now();
    connection.head = "";
    connection.leftBytes = undefined;
    const { send } = this.#kernel;
    const sent = Number(send(connection.socket, text, BigInt(text.length), MSG_NOSIGNAL));
    if (sent !== text.length) throw new Error("the connection broke");
  }

  #read(connection: Connection, index: number): void {
    if (connection.leftBytes === undefined) this.#readHead(connection);
    else connection.leftBytes -= this.#receive(connection, connection.leftBytes, MSG_TRUNC);
    if (connection.leftBytes === 0) this.#finish(connection, index);
  }

  #readHead(connection: Connection): void {
    const count = this.#receive(connection, HEAD_BYTES, 0);
    connection.head += this.#scratch.toString("latin1", 0, count);
    const end = connection.head.indexOf("\r\n\r\n") + 4;
    if (end < 4) return;
    const request = connection.requests[connection.next % connection.requests.length];
    if (request === undefined) return;
    const lengthBytes = expectedLength(request, parseHead(connection.head.slice(0, end)));
    this.#sizeBytes += lengthBytes;
    connection.leftBytes = lengthBytes - (connection.head.length - end);
  }

  #finish(connection: Connection, index: number): void {
    this.#latenciesMs.push(performance.now() - connection.startedMs);
    connection.next += 1;
    const isDone =
      this.#untilMs === undefined
        ? connection.next === connection.requests.length
        : performance.now() >= this.#untilMs;
    if (!isDone) return this.#ask(connection);
    this.#open -= 1;
    // poll(2) passes over entries with a negative number.
    this.#polled.writeInt32LE(-1, index * POLLFD_BYTES);
    this.#polled.writeInt16LE(0, index * POLLFD_BYTES + 6);
  }

  #receive({ socket }: Connection, mostBytes: number, flags: number): number {
    const wanted = BigInt(Math.min(mostBytes, SLICE_BYTES));
    const count = Number(this.#kernel.recv(socket, this.#scratch, wanted, flags | MSG_DONTWAIT));
    if (count > 0) return count;
    const errno = getInt32(this.#kernel.__errno_location(), 0);
    if (count < 0 && (errno === EAGAIN || errno === EINTR)) return 0;
    throw new Error("the server closed the connection before the end");
  }
}
