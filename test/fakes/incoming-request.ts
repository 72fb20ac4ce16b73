import { IncomingMessage } from "node:http";
import { Socket } from "node:net";

export interface IncomingRequestOptions {
  /** As on the wire: a name may come twice. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly target?: string;
  readonly httpVersion?: readonly [major: number, minor: number];
  /** Of the peer; `undefined` stands for a unix socket. */
  readonly address?: string | undefined;
  readonly isTls?: boolean;
}

/** A request as Node's server hands it over, without a connection. */
export function incomingRequest(options: IncomingRequestOptions = {}): IncomingMessage {
  const { headers = [], target = "/", httpVersion: [major, minor] = [1, 1] } = options;
  const socket = new Socket();
  const peer = "address" in options ? options.address : "127.0.0.1";
  Object.defineProperty(socket, "remoteAddress", { value: peer });
  Object.defineProperty(socket, "remotePort", { value: peer === undefined ? undefined : 40_000 });
  if (options.isTls === true) Object.defineProperty(socket, "encrypted", { value: true });
  const incoming = new IncomingMessage(socket);
  incoming.url = target;
  incoming.httpVersionMajor = major;
  incoming.httpVersionMinor = minor;
  incoming.rawHeaders = headers.flat();
  for (const [name, value] of headers) {
    // Node keeps the first of two values of these names.
    incoming.headers[name.toLowerCase()] ??= value;
  }
  return incoming;
}
