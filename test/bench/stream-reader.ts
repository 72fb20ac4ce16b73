/** Reads answers into one buffer that is used again and again; over TLS too. */
import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
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

const BUFFER_BYTES = 1024 * 1024;
const SILENCE_MS = 30_000;

/** @throws {Error} when an answer is not the right one or a connection breaks. */
export async function readStreams(job: ReadJob): Promise<JobResult> {
  const clients = await Promise.all(
    job.clients.map(async (requests) => {
      const client = new Client(requests);
      await client.connect(new URL(job.origin));
      return client;
    }),
  );
  const startedMs = performance.now();
  const untilMs = job.durationMs === undefined ? undefined : startedMs + job.durationMs;
  await Promise.all(clients.map((client) => client.run(untilMs)));
  const latenciesMs = clients.flatMap((client) => client.latenciesMs);
  return {
    ...NO_RESULT,
    elapsedMs: performance.now() - startedMs,
    sizeBytes: clients.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    requests: latenciesMs.length,
    p99Ms: p99Of(latenciesMs),
  };
}

class Client {
  readonly latenciesMs: number[] = [];
  sizeBytes = 0;
  readonly #requests: readonly ReadRequest[];
  readonly #end = Promise.withResolvers<void>();
  #socket: Socket | undefined;
  #untilMs: number | undefined;
  #next = 0;
  #head = "";
  #leftBytes: number | undefined;
  #startedMs = 0;

  constructor(requests: readonly ReadRequest[]) {
    this.#requests = requests;
  }

  async connect({ protocol, port }: URL): Promise<void> {
    const buffer = Buffer.alloc(BUFFER_BYTES);
    const onread = {
      buffer,
      callback: (count: number) => {
        this.#take(buffer, count);
        return true;
      },
    };
    const target = { host: "127.0.0.1", port: Number(port) };
    const isTls = protocol === "https:";
    // The typings of tls.connect lack `onread`, which it hands on.
    const options = { ...target, onread, rejectUnauthorized: false };
    this.#socket = isTls ? connectTls(options) : connectPlain({ ...target, onread });
    await once(this.#socket, isTls ? "secureConnect" : "connect");
    const fail = (reason: string): void => this.#end.reject(new Error(reason));
    this.#socket.on("error", (error) => fail(error.message));
    this.#socket.on("close", () => fail("the server closed the connection before the end"));
    this.#socket.setTimeout(SILENCE_MS, () => fail("nothing came for half a minute"));
  }

  async run(untilMs: number | undefined): Promise<void> {
    this.#untilMs = untilMs;
    this.#ask();
    await this.#end.promise;
    this.#socket?.destroy();
  }

  #request(): ReadRequest {
    const request = this.#requests[this.#next % this.#requests.length];
    if (request === undefined) throw new Error("a client has nothing to ask");
    return request;
  }

  #ask(): void {
    this.#head = "";
    this.#leftBytes = undefined;
    this.#startedMs = performance.now();
    this.#socket?.write(formatRequest(this.#request()));
  }

  #take(buffer: Buffer, count: number): void {
    try {
      if (this.#leftBytes === undefined) this.#takeHead(buffer, count);
      else this.#leftBytes -= count;
      if (this.#leftBytes === 0) this.#finish();
    } catch (error) {
      this.#end.reject(error);
    }
  }

  #takeHead(buffer: Buffer, count: number): void {
    this.#head += buffer.toString("latin1", 0, count);
    const end = this.#head.indexOf("\r\n\r\n") + 4;
    if (end < 4) return;
    const lengthBytes = expectedLength(this.#request(), parseHead(this.#head.slice(0, end)));
    this.sizeBytes += lengthBytes;
    this.#leftBytes = lengthBytes - (this.#head.length - end);
  }

  #finish(): void {
    this.latenciesMs.push(performance.now() - this.#startedMs);
    this.#next += 1;
    const isDone =
      this.#untilMs === undefined
        ? this.#next === this.#requests.length
        : performance.now() >= this.#untilMs;
    if (isDone) this.#end.resolve();
    else this.#ask();
  }
}
