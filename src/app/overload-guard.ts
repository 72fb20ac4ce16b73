/** Measures what a server has to bear, and refuses what is too much: `overload.ts` decides. */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Config } from "../config/config.ts";
import type { Logger } from "../observability/logger.ts";
import type { Metrics } from "../observability/metrics.ts";
import { Overloaded } from "../registry/errors.ts";
import type { Exchange } from "../registry/exchange.ts";
import { connectionEvent, type Connections } from "./connections.ts";
import {
  heldBytesOf,
  type Limits,
  limitsFor,
  type Load,
  overloadBy,
  type OverloadReason,
} from "./overload.ts";
import { memoryOfProcess, readOpenFilesLimit } from "./process-resources.ts";
import { Repeated } from "./repeated.ts";

export interface OverloadOptions {
  readonly limits: Limits;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "refused">;
  /** How often to measure; default: {@link SAMPLE_MS}. */
  readonly sampleMs?: number;
  /** How long a connection beyond the limit may stay; default: {@link HOLD_MS}. */
  readonly holdMs?: number;
  /** Default: of this process. */
  readonly residentBytes?: () => number;
}

/** Memory that is filled as fast as it goes grows by a few hundred MiB meanwhile, at the very most. */
const SAMPLE_MS = 100;
/** Time to send a request and to read that it is refused. */
const HOLD_MS = 5_000;
/** How many connections beyond the limit are told so; what is beyond these is closed at once. */
export const MOST_HELD = 64;

/** What is refused. Of {@link Exchange}. */
export type AskedFor = Pick<
  Exchange,
  "incoming" | "outgoing" | "route" | "method" | "hasBody" | "contentLength"
>;

const MESSAGES = {
  connections: "a request is refused: there are as many connections as barge.limits allows",
  buffered: "a request is refused: as much waits in memory for clients as barge.limits allows",
  memory: "a request is refused: this process uses as much memory as barge.limits allows",
} as const satisfies Record<OverloadReason, string>;

export interface GuardParts extends Pick<OverloadOptions, "log" | "metrics"> {
  /** How many processes share the memory, at least 1. */
  readonly processes: number;
}

/** With the limits of the config, or what this process has. */
export async function createOverloadGuard(
  { barge }: Config,
  { log, metrics, processes }: GuardParts,
): Promise<OverloadGuard> {
  const openFiles = await readOpenFilesLimit();
  const limits = limitsFor(barge.limits, { openFiles, memoryBytes: memoryOfProcess(), processes });
  log.debug("limits of this process", { ...limits });
  return new OverloadGuard({ limits, log, metrics });
}

/** Disposing it ends the measuring; nothing is refused any more then. */
export class OverloadGuard implements Disposable {
  readonly #options: OverloadOptions;
  readonly #repeated: Repeated;
  readonly #held = new Map<Socket, NodeJS.Timeout>();
  #connections: Connections | undefined;
  #timer: NodeJS.Timeout | undefined;
  #queuedBytes = 0;
  /** Of bodies that come in. */
  #reservedBytes = 0;
  #memoryBytes = 0;
  /** False from when anything is near a limit: most requests cost no more than looking at this. */
  #isCalm = true;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#repeated = new Repeated(options.log);
  }

  /** Call it once, before the server listens. */
  watch(server: Server, connections: Connections): void {
    const { limits, metrics } = this.#options;
    this.#connections = connections;
    server.maxConnections = limits.connections + MOST_HELD;
    server.on(connectionEvent(server), (socket: Socket) => this.#accept(socket));
    server.on("drop", () => {
      metrics.refused("dropped");
      this.#repeated.warn("a connection is closed: there are far more than barge.limits allows", {
        limit: limits.connections,
      });
    });
  }

  /** Why a request is not taken, if so. Call it once for each, before anything of its body is read. */
  readonly refusal = (asked: AskedFor): Overloaded | undefined => {
    if (this.#isCalm && (asked.method === "GET" || asked.method === "HEAD")) return undefined;
    const bytes = bytesOf(asked);
    const reason = this.#reason(asked, bytes);
    if (reason === undefined) {
      if (bytes > 0) this.#reserve(asked, bytes);
      return undefined;
    }
    // Closing while a body still comes in may make the client's system throw the answer away; but to
    // read and drop it costs memory for a moment.
    if (!asked.hasBody || reason === "memory") asked.outgoing.shouldKeepAlive = false;
    this.#options.metrics.refused(reason);
    this.#repeated.warn(MESSAGES[reason], this.#figures());
    return new Overloaded(`too much to do: ${reason}`);
  };

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const timer of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
    this.#isCalm = true;
  }

  #reason(asked: AskedFor, bytes: number): OverloadReason | undefined {
    if (this.#isBeyond(asked.incoming.socket)) return "connections";
    return isAlwaysTaken(asked) ? undefined : overloadBy(this.#load(), bytes, this.#options.limits);
  }

  /** A connection beyond the limit becomes one like all others once there is room. */
  #isBeyond(socket: Socket): boolean {
    const timer = this.#held.get(socket);
    if (timer === undefined) return false;
    if (this.#admitted() >= this.#options.limits.connections) return true;
    clearTimeout(timer);
    this.#held.delete(socket);
    return false;
  }

  #accept(socket: Socket): void {
    this.#timer ??= this.#measureRepeatedly();
    const { limits, holdMs = HOLD_MS } = this.#options;
    if (this.#admitted() <= limits.connections) return;
    const timer = setTimeout(() => socket.destroy(), holdMs);
    timer.unref();
    this.#held.set(socket, timer);
    this.#isCalm = false;
    socket.once("close", () => {
      clearTimeout(timer);
      this.#held.delete(socket);
    });
  }

  #admitted(): number {
    return (this.#connections?.size ?? 0) - this.#held.size;
  }

  #reserve({ outgoing }: AskedFor, bytes: number): void {
    this.#reservedBytes += bytes;
    outgoing.once("close", () => {
      this.#reservedBytes -= bytes;
    });
  }

  /** While there are connections. */
  #measureRepeatedly(): NodeJS.Timeout {
    this.#measure();
    const timer = setInterval(() => this.#measure(), this.#options.sampleMs ?? SAMPLE_MS);
    return timer.unref();
  }

  #measure(): void {
    const { limits, residentBytes = ownMemory } = this.#options;
    const connections = this.#connections ?? [];
    let queuedBytes = 0;
    for (const connection of connections) queuedBytes += connection.queuedBytes;
    this.#queuedBytes = queuedBytes;
    this.#memoryBytes = residentBytes();
    const isRoom = this.#queuedBytes + this.#reservedBytes <= limits.bufferedBytes;
    this.#isCalm = isRoom && this.#memoryBytes <= limits.memoryBytes && this.#held.size === 0;
    if (this.#connections?.size !== 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #load(): Load {
    const connections = this.#connections ?? [];
    return {
      bufferedBytes: this.#queuedBytes + this.#reservedBytes,
      memoryBytes: this.#memoryBytes,
      // Counted only for a request that is near a limit.
      get requests() {
        let requests = 0;
        for (const { owed } of connections) requests += owed.length;
        return requests;
      },
    };
  }

  #figures(): Readonly<Record<string, number>> {
    const { bufferedBytes, memoryBytes, requests } = this.#load();
    return { connections: this.#admitted(), bufferedBytes, memoryBytes, requests };
  }
}

function ownMemory(): number {
  return process.memoryUsage.rss();
}

/** What tells whether the server is there, and what ends an upload, which frees more than it takes. */
function isAlwaysTaken({ route, hasBody }: AskedFor): boolean {
  return route?.kind === "base" || (route?.kind === "blob_upload_chunk" && !hasBody);
}

function bytesOf({ route, hasBody, contentLength: lengthBytes }: AskedFor): number {
  return hasBody ? heldBytesOf({ isManifest: route?.kind === "manifest", lengthBytes }) : 0;
}
