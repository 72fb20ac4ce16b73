/**
 * A further process that serves, started by `process-group.ts`. It takes its orders from the first one
 * and ends when that one is gone.
 */
import { randomUUID } from "node:crypto";
import type { Config } from "../config/config.ts";
import { environment } from "../config/environment-of-process.ts";
import { readConfig } from "../config/load.ts";
import { errorText } from "../lib/error-text.ts";
import { openLog } from "./observation.ts";
import { type FromProcess, isToProcess, type ToProcess } from "./process-messages.ts";
import { untilEnd } from "./serve.ts";
import { openServing, type Serving } from "./serving.ts";
import { readVersion } from "./version.ts";

type StartMessage = ToProcess & { readonly kind: "start" };

function tell(message: FromProcess): void {
  // The first process may be gone at any moment, which another event tells.
  if (process.connected) process.send?.(message, () => undefined);
}

/** What the first process wants, as it comes to be known. */
class Orders {
  readonly started: Promise<StartMessage | undefined>;
  readonly #stop = new AbortController();
  readonly #start: (message: StartMessage | undefined) => void;
  #stopMs: number | undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<StartMessage | undefined>();
    this.started = promise;
    this.#start = resolve;
  }

  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** How long requests may take to end, if the order to stop said so. */
  get stopMs(): number | undefined {
    return this.#stopMs;
  }

  start(message: StartMessage): void {
    this.#start(message);
  }

  end(timeoutMs?: number): void {
    this.#stopMs ??= timeoutMs;
    this.#stop.abort();
    this.#start(undefined);
  }
}

async function run(): Promise<void> {
  const orders = new Orders();
  const { promise: serving, resolve: onServing } = Promise.withResolvers<Serving>();
  process.on("message", (message) => {
    if (!isToProcess(message)) return;
    if (message.kind === "start") orders.start(message);
    else if (message.kind === "stop") orders.end(message.timeoutMs);
    else void serving.then(async (opened) => tellReport(message.id, opened));
  });
  process.on("disconnect", () => orders.end());
  endOnSignals(orders);
  const message = await orders.started;
  if (message !== undefined) await serveUntil(orders, { message, onServing });
}

async function tellReport(id: number, serving: Serving): Promise<void> {
  tell({ kind: "report", id, report: await serving.report() });
}

/** A terminal sends its signals to every process. As in the first one, the second does not wait. */
function endOnSignals(orders: Orders): void {
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    if (signals > 1) process.exit(130);
    orders.end();
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, onSignal);
}

interface ServeParts {
  readonly message: StartMessage;
  readonly onServing: (serving: Serving) => void;
}

async function serveUntil(orders: Orders, { message, onServing }: ServeParts): Promise<void> {
  const { config: given, processes, port } = message;
  const { config: read } = await readConfig({ ...given, environment: environment() });
  const config = onPort(read, port);
  await using resources = new AsyncDisposableStack();
  const instanceId = randomUUID();
  const log = openLog(config, { version: await readVersion(), resources, instanceId });
  const options = { log, resources, instanceId, processes, portSharing: "further" } as const;
  const serving = await openServing(config, options);
  onServing(serving);
  tell({ kind: "listening", instanceId });
  const timeoutMs = (): number => orders.stopMs ?? config.http.drainTimeoutMs;
  await untilEnd(serving, { timeoutMs, stop: orders.stop, log });
}

/** The first process may have been given any port that was free. */
function onPort(config: Config, port: number): Config {
  const { listen } = config.http;
  if (listen.kind !== "tcp") return config;
  return { ...config, http: { ...config.http, listen: { ...listen, port } } };
}

try {
  await run();
} catch (error) {
  tell({ kind: "failed", reason: errorText(error) });
  process.exitCode = 1;
} finally {
  // The channel would keep the process alive.
  if (process.connected) process.disconnect?.();
}
