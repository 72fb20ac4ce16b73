/** What one process needs to serve, opened in order, and its end. */
import { openStorageDriver } from "../../storage-drivers/index.ts";
import type { Config } from "../config/config.ts";
import type { Dedup } from "../dedup/dedup.ts";
import type { EventBus } from "../events/bus.ts";
import type { Webhook } from "../events/webhook.ts";
import { systemClock } from "../lib/clock.ts";
import { createMetrics } from "../observability/create-metrics.ts";
import type { Health } from "../observability/health.ts";
import type { Logger } from "../observability/logger.ts";
import { type Metrics, NO_METRICS } from "../observability/metrics.ts";
import { measured } from "../storage/measured-driver.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";
import { holdStore } from "../storage/store-lock.ts";
import { openAdminSocket } from "./admin-socket.ts";
import { openAccess } from "./access.ts";
import { openAudit } from "./audit-trail.ts";
import { type RunningServer, type ServerOptions, startServer } from "./http-server.ts";
import { createNeighbours } from "./neighbours.ts";
import { createHealthChecks, createWebhooks, openAccessLog } from "./observation.ts";
import { isCarelesslyOpen } from "./openness.ts";
import { createOverloadGuard } from "./overload-guard.ts";
import { createDedup, hearPushes } from "./storage-at-rest.ts";
import type { ProcessReport } from "./process-messages.ts";
import { createHashThreads, createRegistryApp } from "./registry-app.ts";
import { runningEffects } from "./running-effects.ts";
import { finishRequests } from "./stopping.ts";

export interface ServingOptions extends Pick<ServerOptions, "portSharing"> {
  readonly log: Logger;
  /** Closes everything, in reverse. */
  readonly resources: AsyncDisposableStack;
  /** By which this process is told from others of its kind. */
  readonly instanceId: string;
  /** How many processes serve, at least 1. */
  readonly processes: number;
  /** Called before the server listens, for what must be there by then. */
  readonly beforeListening?: (serving: Pick<Serving, "report" | "metrics">) => Promise<void>;
}

/** A process that serves. */
export interface Serving {
  readonly server: RunningServer;
  readonly driver: StorageDriver;
  readonly metrics: Metrics;
  /** Aborts when the store may have been given to another process meanwhile. */
  readonly lost: AbortSignal;
  report(): Promise<ProcessReport>;
  /** Lets requests end within the time, then changes of the store, then webhooks. */
  finish(timeoutMs: number): Promise<void>;
}

/** How long webhooks may go on delivering after the last request. */
const WEBHOOK_CLOSE_MS = 5_000;

/** @throws whatever keeps it from starting. */
export async function openServing(config: Config, options: ServingOptions): Promise<Serving> {
  const { log, resources, instanceId, processes, portSharing } = options;
  const stopping = new AbortController();
  const store = await openStore(config, { log, resources, signal: stopping.signal });
  const { metrics } = store;
  const webhooks = createWebhooks(config, { log, metrics, instanceId });
  const health = resources.use(createHealthChecks(config, { driver: store.driver, log }));
  const effects = runningEffects(store.driver);
  const { driver } = effects;
  const overload = resources.use(await createOverloadGuard(config, { log, metrics, processes }));
  const dedup = resources.use(createDedup(config, { driver, log, stopping: stopping.signal }));
  const opened = await openAccess(config, { driver, log, resources });
  const audit = await openAudit(config, { log, resources });
  const administered = { ...opened, driver, log, audit, resources, stopping: stopping.signal };
  const { listener, localListener, events } = await createRegistryApp(config, {
    driver,
    health,
    metrics,
    log,
    accessLog: openAccessLog(config, resources),
    stopping: stopping.signal,
    hashing: resources.use(createHashThreads()),
    refusal: overload.refusal,
    cold: dedup.cold,
    access: opened.access,
    audit,
    neighbours: createNeighbours(config, administered),
  });
  tellOf(events, { dedup, webhooks });
  const report = (): Promise<ProcessReport> => reportOf({ metrics, health, webhooks });
  await options.beforeListening?.({ report, metrics });
  const parts = { listener, log, overload, portSharing };
  const server = resources.use(await startServer({ ...config.http, ...parts }));
  const isFirst = portSharing !== "further";
  if (localListener && isFirst) {
    await openAdminSocket(config, { listener: localListener, log, resources });
  }
  health.start();
  dedup.start({ works: isFirst });
  return {
    ...store,
    server,
    report,
    async finish(timeoutMs) {
      log.info("stopping", { "drain.timeout": `${timeoutMs}ms` });
      await finishRequests(server, { timeoutMs, stopping, effects, log, clock: systemClock });
      await closeWebhooks(webhooks);
    },
  };
}

interface StoreOptions {
  readonly log: Logger;
  readonly resources: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

/** The store, held unless it is only read, and what counts the calls to it. */
async function openStore(
  config: Config,
  { log, resources, signal }: StoreOptions,
): Promise<Pick<Serving, "driver" | "metrics" | "lost">> {
  const metrics = config.http.debug?.prometheus ? await createMetrics() : NO_METRICS;
  metrics.openToAll(isCarelesslyOpen(config));
  const driver = resources.use(await openDriver(config, metrics, signal));
  if (config.storage.readOnly) return { driver, metrics, lost: new AbortController().signal };
  const { lost } = resources.use(await holdStore({ driver, role: "server", log, signal }));
  return { driver, metrics, lost };
}

interface Reporting {
  readonly metrics: Metrics;
  readonly health: Pick<Health, "failures">;
  readonly webhooks: readonly Webhook[];
}

async function reportOf({ metrics, health, webhooks }: Reporting): Promise<ProcessReport> {
  return {
    metrics: await metrics.report(),
    failures: health.failures(),
    memory: process.memoryUsage(),
    endpoints: webhooks.map((webhook) => webhook.status()),
  };
}

function tellOf(
  events: EventBus,
  { dedup, webhooks }: { readonly dedup: Dedup; readonly webhooks: readonly Webhook[] },
): void {
  hearPushes(events, dedup);
  for (const webhook of webhooks) events.subscribe((event) => webhook.accept(event));
}

async function closeWebhooks(webhooks: readonly Webhook[]): Promise<void> {
  const signal = AbortSignal.timeout(WEBHOOK_CLOSE_MS);
  await Promise.all(webhooks.map((webhook) => webhook.close({ signal })));
}

async function openDriver(
  { storage }: Config,
  metrics: Metrics,
  signal: AbortSignal,
): Promise<StorageDriver> {
  const driver = await openStorageDriver(storage.driver, { signal });
  return metrics === NO_METRICS ? driver : measured(driver, metrics);
}
