/** Fetches small JSON documents of servers that the configuration names. */
import type { IncomingMessage } from "node:http";
import { isLoopbackHost } from "../../lib/loopback.ts";
import type { Clock } from "../../lib/clock.ts";
import { send } from "../../lib/http-send.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import { withTimeLimit } from "../../lib/time-limit.ts";

/** A document could not be had, or is not what it should be. The message names the server. */
export class DocumentUnavailable extends Error {
  readonly kind = "DocumentUnavailable";
}

export interface FetchJsonOptions {
  readonly clock: Clock;
  /** PEM of the authorities to trust; `undefined`: those of the system. */
  readonly ca: string | undefined;
}

const TIMEOUT_MS = 5000;
/** Also of documents that come as files. */
export const MAX_DOCUMENT_BYTES = 2 ** 20;
const LIMITS = { maxDepth: 16, maxValues: 50_000 } as const;

/** One GET: no redirect is followed, no credentials are sent. @throws {DocumentUnavailable} */
export async function fetchJson(url: URL, options: FetchJsonOptions): Promise<unknown> {
  const { clock, ca } = options;
  const never = new AbortController().signal;
  try {
    return await withTimeLimit({ clock, timeoutMs: TIMEOUT_MS, signal: never }, async (signal) => {
      const headers = { accept: "application/json", connection: "close" };
      const tls = ca === undefined ? {} : { ca };
      const answer = await send(url, { method: "GET", headers, agent: false, signal, ...tls });
      return parseDocument(await readAnswer(answer, signal));
    });
  } catch (cause) {
    throw new DocumentUnavailable(`nothing usable comes from ${url.origin}${url.pathname}`, {
      cause,
    });
  }
}

/** @throws {JsonRefused} */
export function parseDocument(text: string): unknown {
  return parseStrictJson(text, LIMITS);
}

/**
 * @param url where something secret or decisive comes from.
 * @param mayBePlain whether http on this machine's own addresses will do.
 */
export function isSafeUrl(url: URL, { mayBePlain }: { readonly mayBePlain: boolean }): boolean {
  if (url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && mayBePlain && isLoopbackHost(url.hostname);
}

/** The signal ends the connection, and with it the answer. */
async function readAnswer(answer: IncomingMessage, signal: AbortSignal): Promise<string> {
  try {
    if (answer.statusCode !== 200) throw new Error(`the status is ${answer.statusCode ?? 0}`);
    return await readText(answer);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    answer.destroy();
  }
}

async function readText(answer: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_DOCUMENT_BYTES) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
