import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { finished } from "node:stream/promises";
import type { Clock } from "../lib/clock.ts";
import { send } from "../lib/http-send.ts";
import { withTimeLimit } from "../lib/time-limit.ts";
import { ENVELOPE_MEDIA_TYPE } from "./envelope.ts";

export interface DeliveryOptions {
  /** May hold a user and password, which go into an Authorization header unless the headers have one. */
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const MAX_ANSWER_BYTES = 65_536;

/** Posts bodies to one address, over a connection that is kept. */
export class Delivery implements Disposable {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string[]>>;
  readonly #agent: PlainAgent;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  /** @throws {TypeError} when the URL is none. */
  constructor({ url, headers, timeoutMs, clock }: DeliveryOptions) {
    const given = new URL(url);
    this.#headers = toHeaders(given, headers);
    this.#url = withoutUser(given);
    const Agent = given.protocol === "https:" ? TlsAgent : PlainAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /**
   * One attempt; a redirect is an answer like any other and is not followed.
   * @returns the status of the answer, whose body is not looked at.
   * @throws {TimeLimitExceeded}, the signal's reason, or the connection's error.
   */
  post(body: Uint8Array, signal: AbortSignal): Promise<number> {
    const limit = { clock: this.#clock, timeoutMs: this.#timeoutMs, signal };
    return withTimeLimit(limit, async (limited) => {
      const response = await send(this.#url, {
        method: "POST",
        headers: { ...this.#headers, "content-length": String(body.length) },
        agent: this.#agent,
        body,
        signal: limited,
      });
      let receivedBytes = 0;
      response.on("data", (chunk: Uint8Array) => {
        receivedBytes += chunk.length;
        if (receivedBytes > MAX_ANSWER_BYTES) response.destroy();
      });
      await finished(response).catch(() => undefined); // the status is what counts, and it is there
      return response.statusCode ?? 0;
    });
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function toHeaders(url: URL, configured: DeliveryOptions["headers"]): Record<string, string[]> {
  const headers = new Map<string, string[]>([["user-agent", ["barge"]]]);
  if (url.username !== "" || url.password !== "") headers.set("authorization", [basic(url)]);
  for (const [name, values] of Object.entries(configured)) {
    headers.set(name.toLowerCase(), [...values]);
  }
  headers.set("content-type", [ENVELOPE_MEDIA_TYPE]);
  return Object.fromEntries(headers);
}

function basic(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function withoutUser(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}
