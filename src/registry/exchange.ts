/** One request and its answer, with everything outside already parsed. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller, CertificateSubject, Shown } from "../auth/access.ts";
import { NOBODY } from "../auth/open-access.ts";
import type { EventOrigin } from "../events/event.ts";
import type { BodyBlocks } from "./body-blocks.ts";
import { ClientGone } from "./client-gone.ts";
import { certificateOf } from "./client-certificate.ts";
import {
  clientAddress,
  externalOrigin,
  type ExternalUrlSettings,
  provenAddress,
} from "./external-url.ts";
import { Query } from "./query.ts";
import { ReceivedBody } from "./receive-body.ts";
import type { Route, RouteKind, RouteOf, Routes } from "./route.ts";

export interface ExchangeSettings {
  readonly prefix: string;
  readonly external: ExternalUrlSettings;
}

export interface ExchangeDeps {
  readonly settings: ExchangeSettings;
  /** For the bodies of requests. */
  readonly blocks: BodyBlocks;
  /** Aborts when requests that are still running must end. */
  readonly stopping: AbortSignal;
}

export class Exchange implements Shown {
  readonly startedAt = performance.now();
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Aborts only when the server stops the hard way: for effects that should be finished once begun. */
  readonly effects: AbortSignal;
  /** Who asks; nobody, who may nothing, until the gate has seen to it. */
  caller: Caller = NOBODY;
  /** Why the request could not be answered as asked, for the log. */
  failure: unknown = undefined;
  /** Bytes of bodies, without headers. */
  receivedBytes = 0;
  sentBytes = 0;
  /** The `Content-Type` of the answer, for the log. */
  sentType: string | undefined = undefined;
  readonly #settings: ExchangeSettings;
  readonly #blocks: BodyBlocks;
  readonly #path: string;
  #id: string | undefined;
  #query: Query | undefined;
  #signal: AbortSignal | undefined;
  #route: Route | undefined;

  constructor(
    { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
    { settings, stopping, blocks }: ExchangeDeps,
  ) {
    const { url = "" } = incoming;
    const pathEnd = url.indexOf("?");
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.effects = stopping;
    this.#settings = settings;
    this.#blocks = blocks;
    this.#path = pathEnd < 0 ? url : url.slice(0, pathEnd);
  }

  /** What is asked for, as it came: the part of the request target before the `?`. */
  get target(): string {
    return this.#path;
  }

  /** Unique to this request. Most are never asked for it. */
  get id(): string {
    this.#id ??= randomUUID();
    return this.#id;
  }

  get query(): Query {
    this.#query ??= new Query((this.incoming.url ?? "").slice(this.#path.length + 1));
    return this.#query;
  }

  /**
   * Aborts when the client goes away and when the server stops the hard way: for work that serves only
   * this answer. Made when first asked for, since most requests are over before they would need one.
   */
  get signal(): AbortSignal {
    this.#signal ??= untilGone(this.outgoing, this.effects);
    return this.#signal;
  }

  /** The display name of who asks; empty for the anonymous. */
  get actor(): string {
    return this.caller.name;
  }

  get authorization(): string | undefined {
    return this.incoming.headers.authorization;
  }

  get address(): string {
    return provenAddress(this.incoming, this.#settings.external);
  }

  get certificate(): CertificateSubject | undefined {
    return certificateOf(this.incoming.socket);
  }

  get method(): string {
    return this.incoming.method ?? "";
  }

  /** `undefined` until the target has been parsed, and for good when it could not be. */
  get route(): Route | undefined {
    return this.#route;
  }

  /** The client's address and port, as far as trusted proxies tell it. */
  get client(): string {
    return clientAddress(this.incoming, this.#settings.external);
  }

  /** @throws what {@link Routes.parse} throws. */
  parseTarget(routes: Routes): void {
    this.#route = routes.parse(this.#path);
  }

  /** The route that the handler was chosen by. @throws {TypeError} for another: a bug of the router's table. */
  routeOf<Kind extends RouteKind>(kind: Kind): RouteOf<Kind> {
    const route = this.#route;
    if (!isKind(route, kind)) throw new TypeError(`expected ${kind}, got ${route?.kind}`);
    return route;
  }

  /** The value of a header; of one that came several times, all joined as RFC 9110 section 5.3 says. */
  header(name: string): string | undefined {
    const value = this.incoming.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** `/v2/...` below the prefix: absolute path without scheme and host, for `Link`. */
  path(rest: string): string {
    return `${this.#settings.prefix}v2/${rest}`;
  }

  /** The address clients reach `/v2/<rest>` at, for `Location`. */
  url(rest: string): string {
    return `${externalOrigin(this.incoming, this.#settings.external)}${this.path(rest)}`;
  }

  /** Scheme and host that clients reach this server at, also where `Location` does without. */
  get origin(): string {
    return externalOrigin(this.incoming, { ...this.#settings.external, relativeUrls: false });
  }

  get contentLength(): number | undefined {
    const text = this.header("content-length");
    return text === undefined ? undefined : Number(text);
  }

  get hasBody(): boolean {
    return (this.contentLength ?? 0) > 0 || this.header("transfer-encoding") !== undefined;
  }

  /** The body as it arrives, for one reader: see {@link ReceivedBody}. */
  body(): ReceivedBody {
    const onBytes = (lengthBytes: number): void => {
      this.receivedBytes += lengthBytes;
    };
    return new ReceivedBody(this.incoming, { blocks: this.#blocks, onBytes });
  }

  /** What every event of this request carries. */
  eventOrigin(): EventOrigin {
    return {
      id: randomUUID(),
      at: new Date(),
      actor: { name: this.actor, kind: this.caller.identity.kind },
      request: {
        id: this.id,
        address: this.client,
        sureAddress: this.address,
        host: this.header("host") ?? "",
        method: this.method,
        userAgent: this.header("user-agent") ?? "",
      },
    };
  }
}

function isKind<Kind extends RouteKind>(
  route: Route | undefined,
  kind: Kind,
): route is RouteOf<Kind> {
  return route?.kind === kind;
}

/** Aborts with `stopping`, or when the connection closes before the answer is out. */
function untilGone(outgoing: ServerResponse, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const stop = (): void => gone.abort(stopping.reason);
  if (stopping.aborted) stop();
  if (outgoing.destroyed) gone.abort(new ClientGone());
  stopping.addEventListener("abort", stop, { once: true });
  outgoing.once("close", () => {
    stopping.removeEventListener("abort", stop);
    if (!outgoing.writableFinished) gone.abort(new ClientGone());
  });
  return gone.signal;
}
