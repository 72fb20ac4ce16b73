import { type IncomingMessage, request as requestPlain, type RequestOptions } from "node:http";
import { request as requestTls } from "node:https";

export interface SendOptions extends RequestOptions {
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

/**
 * One request over `http:` or `https:`, redirects not followed. Resolves with the answer's head; whoever
 * takes it reads or destroys the answer.
 * @throws the signal's reason once it aborts before the head is there; otherwise the connection's error, or a `TypeError` for what cannot be sent.
 */
export function send(url: URL, { body, ...options }: SendOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    options.signal.throwIfAborted();
    const request =
      url.protocol === "https:" ? requestTls(url, options) : requestPlain(url, options);
    request.on("response", resolve);
    request.on("error", (error) => {
      reject(options.signal.aborted ? options.signal.reason : error);
    });
    request.end(body);
  });
}
