/** A registry from its start to its end: opens everything in order, serves, drains, closes in reverse. */
import { randomUUID } from "node:crypto";
import { openStorageDriver } from "../../storage-drivers/index.ts";
import type { Config } from "../config/config.ts";
import type { Webhook } from "../events/webhook.ts";
import { systemClock } from "../lib/clock.ts";
import { createMetrics } from "../observability/create-metrics.ts";
import { debugHandler } from "../observability/debug-handler.ts";
import { debugVars } from "../observability/debug-vars.ts";
import type { Health } from "../observability/health.ts";
import type { Logger } from "../observability/logger.ts";
import { type Metrics, NO_METRICS } from "../observability/metrics.ts";
import { measured } from "../storage/measured-driver.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";
import { holdStore } from "../storage/store-lock.ts";
import { type RunningServer, startServer } from "./http-server.ts";
import { createOverloadGuard } from "./overload-guard.ts";
import { createHealthChecks, createWebhooks, openAccessLog, openLog } from "./observation.ts";
import { createHashThreads, createRegistryApp } from "./registry-app.ts";
import { type RunningEffects, runningEffects } from "./running-effects.ts";
import { aborted, finishRequests } from "./stopping.ts";
import { startUploadPurge } from "./upload-purge.ts";
import { readVersion } from "./version.ts";

export interface ServeOptions {
  readonly config: Config;
  /** What the loader of the config wants the operator to know. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  /** Aborts to stop: requests that run may end within `http.draintimeout`. */
  readonly stop: AbortSignal;
  /** Called once the registry takes requests, with its address. */
  readonly onListening: (address: string) => void;
}

/** How long webhooks may go on delivering after the last request. */
const WEBHOOK_CLOSE_MS = 5_000;

/** Resolves when everything is closed after `stop`. @throws whatever keeps it from starting. */
export async function serve(options: ServeOptions): Promise<void> {
  const { config, stop } = options;
  await using resources = new AsyncDisposableStack();
  const instanceId = randomUUID();
  const log = openLog(config, { version: await readVersion(), resources, instanceId });
  for (const note of options.notes) log.info(note);
  for (const warning of options.warnings) log.warn(warning);
  const stopping = new AbortController();
  const opened = await open(config, { log, resources, stopping, instanceId });
  const { server, driver, effects, lost, close } = opened;
  options.onListening(server.address);
  log.info(`listening on ${server.address}`);
  resources.use(startUploadPurge(config.storage, { driver, log }));
  await aborted(AbortSignal.any([stop, lost]));
  if (lost.aborted) log.error("the store is not held any more", { err: lost.reason });
  // What still runs then could write while others delete.
  const timeoutMs = lost.aborted ? 0 : config.http.drainTimeoutMs;
  log.info("stopping", { "drain.timeout": `${timeoutMs}ms` });
  await finishRequests(server, { timeoutMs, stopping, effects, log, clock: systemClock });
  await close();
  log.info("stopped");
  lost.throwIfAborted();
}

interface OpenOptions {
  readonly log: Logger;
  readonly resources: AsyncDisposableStack;
  readonly stopping: AbortController;
  readonly instanceId: string;
}

interface Opened {
  readonly server: RunningServer;
  readonly driver: StorageDriver;
  readonly effects: RunningEffects;
  /** Aborts when the store may have been given to another process meanwhile. */
  readonly lost: AbortSignal;
  readonly close: () => Promise<void>;
}

async function open(
  config: Config,
  { log, resources, stopping, instanceId }: OpenOptions,
): Promise<Opened> {
  const metrics = config.http.debug?.prometheus ? await createMetrics() : NO_METRICS;
  const driver = resources.use(await openDriver(config, metrics, stopping.signal));
  const { signal } = stopping;
  const held = config.storage.readOnly
    ? undefined
    : resources.use(await holdStore({ driver, role: "server", log, signal }));
  const webhooks = createWebhooks(config, { log, metrics, instanceId });
  const health = resources.use(createHealthChecks(config, { driver, log }));
  const effects = runningEffects(driver);
  const overload = resources.use(await createOverloadGuard(config, { log, metrics, processes: 1 }));
  const { listener, events } = await createRegistryApp(config, {
    driver: effects.driver,
    health,
    metrics,
    log,
    accessLog: openAccessLog(config, resources),
    stopping: stopping.signal,
    hashing: resources.use(createHashThreads()),
    refusal: overload.refusal,
  });
  for (const webhook of webhooks) events.subscribe((event) => webhook.accept(event));
  await startDebugServer(config, { log, resources, health, metrics, webhooks });
  const { listen, tls } = config.http;
  const server = resources.use(await startServer({ listen, tls, listener, log, overload }));
  health.start();
  const lost = held?.lost ?? new AbortController().signal;
  return { server, driver, effects, lost, close: () => closeWebhooks(webhooks) };
}

async function openDriver(
  { storage }: Config,
  metrics: Metrics,
  signal: AbortSignal,
): Promise<StorageDriver> {
  const driver = await openStorageDriver(storage.driver, { signal });
  return metrics === NO_METRICS ? driver : measured(driver, metrics);
}

interface DebugParts {
  readonly log: Logger;
  readonly resources: AsyncDisposableStack;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly webhooks: readonly Webhook[];
}

async function startDebugServer(
  { http: { debug } }: Config,
  { log, resources, health, metrics, webhooks }: DebugParts,
): Promise<void> {
  if (debug === undefined) return;
  const prometheusPath = debug.prometheus?.path;
  const vars = (): object =>
    debugVars({
      commandLine: process.argv,
      memory: process.memoryUsage(),
      endpoints: webhooks.map((webhook) => webhook.status()),
    });
  const listener = debugHandler({ health, metrics, vars, prometheusPath });
  const options = { listen: debug.listen, tls: undefined, listener, log };
  const server = resources.use(await startServer(options));
  log.info(`debug server listening ${server.address}`);
  if (prometheusPath !== undefined) log.info(`providing prometheus metrics on ${prometheusPath}`);
}

async function closeWebhooks(webhooks: readonly Webhook[]): Promise<void> {
  const signal = AbortSignal.timeout(WEBHOOK_CLOSE_MS);
  await Promise.all(webhooks.map((webhook) => webhook.close({ signal })));
}
