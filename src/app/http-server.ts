/** Listening, TLS and the polite end of a server. */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { unlink } from "node:fs/promises";
import {
  type AddressInfo,
  createServer as createProbe,
  type ListenOptions,
  type Server as NetServer,
} from "node:net";
import type { SecureContextOptions } from "node:tls";
import type { ListenConfig, TlsConfig } from "../config/config.ts";
import type { Logger } from "../observability/logger.ts";
import { clientCertificateOptions, enforceClientCertificates } from "./client-certificates.ts";
import { Connections, keepConnectionsThatOwe } from "./connections.ts";
import type { OverloadGuard } from "./overload-guard.ts";
import { enforceProgress } from "./progress-rule.ts";
import { answerRefused } from "./refused-requests.ts";
import { CERTIFICATE_POLL_MS, readCertificate, watchCertificate } from "./tls-context.ts";
import { removeStaleSocket, setSocketMode } from "./unix-socket.ts";

export interface ServerOptions {
  readonly listen: ListenConfig;
  readonly tls: TlsConfig | undefined;
  readonly listener: RequestListener;
  readonly log: Logger;
  /** How often to look for a new certificate; default ten seconds. */
  readonly certificatePollMs?: number;
  /** How long a client may neither send nor take what it is waited for; default a minute. */
  readonly progressWindowMs?: number;
  /** Told of the connections; without one there is no limit to them. The caller's to dispose. */
  readonly overload?: Pick<OverloadGuard, "watch">;
  /** Whether a socket in the file system is for its owner alone; else for the group as well. */
  readonly isPrivate?: boolean;
  /** Whether other processes of this server listen on the same port: is this the `first` one, or a `further` one? */
  readonly portSharing?: PortSharing | undefined;
}

export type PortSharing = "first" | "further";

export interface RunningServer extends AsyncDisposable {
  /** As clients on this machine would write it: `http://127.0.0.1:5000`, or the path of a socket. */
  readonly address: string;
  /** Takes no new connections and waits until the requests that run have ended. */
  drain(): Promise<void>;
}

/** Clients pool connections for 90 s and more; a server that closes first races with their next request. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_MS = 60_000;
const DRAIN_POLL_MS = 50;

/** Disposing it cuts every connection. @throws {ListenFailed} {TlsUnusable} */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { listen, tls, listener, log } = options;
  const timeouts = {
    // An upload may take hours: what counts is that it goes on, which another rule sees to.
    requestTimeout: 0,
    headersTimeout: HEADERS_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  using resources = new DisposableStack();
  let server: Server;
  if (tls === undefined) {
    server = createServer(timeouts, listener);
  } else {
    const { context, fingerprint } = await readCertificate(tls);
    const { clientCertificates } = tls;
    const asked = clientCertificateOptions(clientCertificates);
    const secure = createTlsServer({ ...timeouts, ...context, ...asked }, listener);
    enforceClientCertificates(secure, clientCertificates);
    const pollMs = options.certificatePollMs ?? CERTIFICATE_POLL_MS;
    const apply = (newer: SecureContextOptions): void => secure.setSecureContext(newer);
    resources.use(watchCertificate(tls, { log, pollMs, fingerprint, apply }));
    server = secure;
  }
  const connections = Connections.of(server);
  keepConnectionsThatOwe(server, connections);
  options.overload?.watch(server, connections);
  answerRefused(server, { log, connections });
  const { progressWindowMs: windowMs } = options;
  resources.use(enforceProgress({ log, connections, ...(windowMs !== undefined && { windowMs }) }));
  await startListening(server, options);
  const owned = resources.move();
  return {
    address: addressOf(server, tls ? "https" : "http"),
    drain: () => drain(server),
    async [Symbol.asyncDispose]() {
      owned.dispose();
      server.closeAllConnections();
      await drain(server);
      if (listen.kind === "unix") await unlink(listen.path).catch(() => undefined);
    },
  };
}

/** The address could not be taken; the text says which and why. */
export class ListenFailed extends Error {
  readonly kind = "ListenFailed";
}

async function startListening(
  server: Server,
  { listen, portSharing: sharing, isPrivate = false }: ServerOptions,
): Promise<void> {
  if (listen.kind === "unix") {
    await removeStaleSocket(listen.path);
    await listening(server, listen, { path: listen.path });
    await setSocketMode(listen.path, { isPrivate });
    return;
  }
  const { port } = listen;
  const address = { port, ...(listen.host !== "" && { host: listen.host }) };
  // A shared port would be shared with another registry as well, without a word.
  if (sharing === "first") await isFree(listen, address);
  await listening(server, listen, { ...address, reusePort: sharing !== undefined });
}

/** @throws {ListenFailed} when somebody listens there, with or without sharing the port. */
async function isFree(listen: ListenConfig, address: ListenOptions): Promise<void> {
  const probe = createProbe();
  await listening(probe, listen, address);
  const { promise, resolve } = Promise.withResolvers<void>();
  probe.close(() => resolve());
  await promise;
}

async function listening(
  server: NetServer,
  listen: ListenConfig,
  options: ListenOptions,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const where = listen.kind === "unix" ? listen.path : `${listen.host}:${listen.port}`;
  const fail = (cause: Error): void => {
    const isUnknown = "code" in cause && cause.code === "ENOTSUP" && options.reusePort === true;
    const reason = isUnknown
      ? "this system cannot share a port between processes; set barge.processes to 1"
      : cause.message;
    reject(new ListenFailed(`cannot listen on ${where}: ${reason}`, { cause }));
  };
  server.once("error", fail);
  server.once("listening", resolve);
  server.listen(options);
  await promise;
  server.off("error", fail);
}

async function drain(server: Server): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  // Connections that were busy when close was called become idle later and are then still open.
  const timer = setInterval(() => server.closeIdleConnections(), DRAIN_POLL_MS);
  try {
    await promise;
  } finally {
    clearInterval(timer);
  }
}

function addressOf(server: Server, scheme: string): string {
  const address = server.address();
  if (address === null || typeof address === "string") return address ?? "";
  return `${scheme}://${hostOf(address)}:${address.port}`;
}

function hostOf({ address, family }: AddressInfo): string {
  if (address === "::" || address === "0.0.0.0") return "127.0.0.1";
  return family === "IPv6" ? `[${address}]` : address;
}
