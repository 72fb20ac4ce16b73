/**
 * A raw HTTP client for conformance rows: what is sent is exactly what the row says.
 *
 * It decodes nothing, follows no redirect unless told, and keeps one connection alive, so that a
 * server which leaves a request body unread spoils the row's next request.
 */
import { once } from "node:events";
import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
import type { Login } from "./login.ts";

/** Long enough for the slowest honest answer; a server that never answers must not hang the suite. */
const ANSWER_LIMIT_MS = 30_000;
const MAX_REDIRECTS = 3;

export interface RequestParts {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** One piece goes with a Content-Length; a list goes piece by piece in the chunked coding, without a length. */
  readonly body?: Uint8Array | readonly Uint8Array[];
  /** Sends the head with `Expect: 100-continue`, and the body only when the server asks for it. */
  readonly waitsForContinue?: boolean;
  readonly followsRedirects?: boolean;
}

/** Everything of an answer, read to its end. */
export class Answer {
  /** Method and target, for messages. */
  readonly request: string;
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;

  constructor(request: string, url: URL, parts: { message: IncomingMessage; body: Buffer }) {
    this.request = request;
    this.url = url;
    this.status = parts.message.statusCode ?? 0;
    this.headers = parts.message.headers;
    this.body = parts.body;
  }

  /** The values of all lines of that name, joined with `, `. */
  header(name: string): string | undefined {
    const value = this.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** @throws {SyntaxError} when the body is not JSON. */
  json(): unknown {
    return JSON.parse(this.body.toString("utf8"));
  }
}

export class RegistryClient implements Disposable {
  readonly origin: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #login: Login | undefined;

  /**
   * @param origin of a registry that speaks plain HTTP; whatever path it has is ignored.
   * @param login without one nothing is said of who asks.
   */
  constructor(origin: URL, login?: Login) {
    this.origin = origin;
    this.#login = login;
  }

  /**
   * @param target a path that goes out as it is, dots and percent signs included, or an absolute URL.
   * @throws whatever the socket throws when no answer came.
   */
  async send(method: string, target: string | URL, parts: RequestParts = {}): Promise<Answer> {
    let answer = await this.#exchange(method, target, parts);
    if (parts.followsRedirects !== true) return answer;
    for (let hops = 0; hops < MAX_REDIRECTS && isRedirect(answer); hops += 1) {
      const next = new URL(answer.header("location") ?? "", answer.url);
      answer = await this.#exchange(method, next, parts);
    }
    return answer;
  }

  async #exchange(method: string, target: string | URL, parts: RequestParts): Promise<Answer> {
    const isHere = typeof target === "string" || target.host === this.origin.host;
    const login = isHere ? this.#login : undefined;
    const answer = await this.#exchangeAs(login, { method, target }, parts);
    const isWorthAnother = answer.status === 401 && (await login?.meet(answer)) === true;
    return isWorthAnother ? await this.#exchangeAs(login, { method, target }, parts) : answer;
  }

  async #exchangeAs(
    login: Login | undefined,
    { method, target }: { readonly method: string; readonly target: string | URL },
    parts: RequestParts,
  ): Promise<Answer> {
    const authorization = login?.authorization;
    const url = typeof target === "string" ? new URL(this.origin) : target;
    const path = typeof target === "string" ? target : `${target.pathname}${target.search}`;
    const request = httpRequest({
      method,
      path,
      host: url.hostname,
      port: url.port === "" ? 80 : url.port,
      agent: this.#agent,
      headers: { ...headersOf(parts), ...(authorization !== undefined && { authorization }) },
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    const message = await messageOf(request, parts);
    const body = await bodyOf(message);
    const answeredAt = typeof target === "string" ? pathOn(url, target) : target;
    return new Answer(`${method} ${path}`, answeredAt, { message, body });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function headersOf(parts: RequestParts): OutgoingHttpHeaders {
  const given = Object.entries(parts.headers ?? {});
  const headers: OutgoingHttpHeaders = Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
  if (parts.body instanceof Uint8Array) headers["content-length"] = String(parts.body.byteLength);
  else if (parts.body !== undefined) headers["transfer-encoding"] = "chunked";
  if (parts.waitsForContinue === true) headers["expect"] = "100-continue";
  return headers;
}

/** A write that fails after the answer came is no fault: a server may answer before it has read everything. */
async function messageOf(request: ClientRequest, parts: RequestParts): Promise<IncomingMessage> {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on("error", reject);
    request.once("response", resolve);
  });
  if (parts.waitsForContinue === true) {
    request.flushHeaders();
    const first = await Promise.race([answered, once(request, "continue")]);
    if (!Array.isArray(first)) {
      request.destroy();
      return first;
    }
  }
  for (const piece of piecesOf(parts.body)) request.write(piece);
  request.end();
  return answered;
}

function piecesOf(body: RequestParts["body"]): readonly Uint8Array[] {
  if (body === undefined) return [];
  return body instanceof Uint8Array ? [body] : body;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function isRedirect(answer: Answer): boolean {
  return [301, 302, 303, 307, 308].includes(answer.status);
}

/** The URL a relative Location is resolved against; a target that is no URL resolves against the origin. */
function pathOn(origin: URL, path: string): URL {
  return URL.parse(path, origin) ?? origin;
}
