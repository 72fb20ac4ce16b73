/** What the child process that makes the load is asked, and what it answers. */
import { quantile } from "./statistics.ts";

/** One request, and what a right answer to it is. */
export interface ReadRequest {
  readonly target: string;
  readonly status: number;
  /** Of the body; `undefined` where any size will do. */
  readonly sizeBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Each client has a connection of its own and sends its requests one after the other. */
export interface ReadJob {
  readonly kind: "read";
  readonly origin: string;
  readonly clients: readonly (readonly ReadRequest[])[];
  /** Clients begin anew with their requests until this time is over; once each without it. */
  readonly durationMs?: number;
}

/** Blobs of bytes nobody has seen, each pushed by a client of its own, all at once. */
export interface PushJob {
  readonly kind: "push";
  readonly origin: string;
  readonly repository: string;
  readonly streams: number;
  readonly sizeBytes: number;
}

/** Connections that are kept until the child process ends. */
export interface CrowdJob {
  readonly kind: "crowd";
  readonly origin: string;
  /** Ask for `target` and then read hardly anything of it. */
  readonly slow: number;
  /** Have asked for `/v2/` once. */
  readonly idle: number;
  readonly target: string;
}

export type Job = ReadJob | PushJob | CrowdJob;

export interface JobResult {
  readonly elapsedMs: number;
  readonly sizeBytes: number;
  readonly requests: number;
  readonly p99Ms: number;
  /** Of what was pushed. */
  readonly digests: readonly string[];
  /** Connections that the server would not have. */
  readonly refused: number;
}

/** How the child process answers. */
export type JobAnswer =
  | { readonly kind: "done"; readonly result: JobResult }
  | { readonly kind: "failed"; readonly reason: string };

export const NO_RESULT: JobResult = {
  elapsedMs: 0,
  sizeBytes: 0,
  requests: 0,
  p99Ms: 0,
  digests: [],
  refused: 0,
};

export function p99Of(latenciesMs: readonly number[]): number {
  return latenciesMs.length === 0 ? 0 : quantile(latenciesMs, 0.99);
}

/** The head of a request, as it goes over the wire. */
export function formatRequest({ target, headers = {} }: ReadRequest): Buffer {
  const lines = Object.entries({ Host: "127.0.0.1", ...headers });
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.from(`GET ${target} HTTP/1.1\r\n${fields}\r\n`);
}

/** What a reader must know of an answer. */
export interface ResponseHead {
  readonly status: number;
  /** `undefined` when the answer does not say how long it is. */
  readonly lengthBytes: number | undefined;
}

/** @param head up to and with its empty line. */
export function parseHead(head: string): ResponseHead {
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const length = /^content-length: *(\d+)\r$/im.exec(head)?.[1];
  return { status, lengthBytes: length === undefined ? undefined : Number(length) };
}

/** @throws {Error} unless the answer is the right one. @returns how long its body is. */
export function expectedLength(
  request: ReadRequest,
  { status, lengthBytes }: ResponseHead,
): number {
  const { target, sizeBytes = lengthBytes } = request;
  if (status !== request.status || lengthBytes === undefined || lengthBytes !== sizeBytes) {
    throw new Error(`${target} was answered with ${status} and ${lengthBytes} bytes`);
  }
  return lengthBytes;
}
