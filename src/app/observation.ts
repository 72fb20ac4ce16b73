/** Logs, metrics, health checks and webhooks, as the config asks for them. */
import { hostname } from "node:os";
import { randomUUID } from "node:crypto";
import type { Config } from "../config/config.ts";
import { Webhook } from "../events/webhook.ts";
import { LineWriter } from "../lib/line-writer.ts";
import { type AccessLog, createAccessLog } from "../observability/access-log.ts";
import { createHealth, type Health, type HealthCheck } from "../observability/health.ts";
import { fileCheck, httpCheck, storageCheck, tcpCheck } from "../observability/health-checks.ts";
import { createLogger, type Logger } from "../observability/logger.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { StorageDriver } from "../storage/storage-driver.ts";

export interface OpenLogOptions {
  readonly version: string;
  readonly resources: AsyncDisposableStack;
  /** By which this process is told from others of its kind; a new one when left out. */
  readonly instanceId?: string;
}

/** On standard error; `resources` closes it last. */
export function openLog({ log }: Config, options: OpenLogOptions): Logger {
  const { version, resources, instanceId = randomUUID() } = options;
  const destination = resources.use(LineWriter.open(2));
  const fields = { ...log.fields, "instance.id": instanceId, version };
  const { level, formatter, reportCaller } = log;
  return createLogger({ level, formatter, fields, destination, reportCaller });
}

/** On standard output. */
export function openAccessLog(
  { log }: Config,
  resources: AsyncDisposableStack,
): AccessLog | undefined {
  if (!log.accessLog) return undefined;
  return createAccessLog({ destination: resources.use(LineWriter.open(1)) });
}

/** A store that answers at all is well: that the looked-up object is missing is no failure. */
export function createHealthChecks(
  { health }: Config,
  { driver, log }: { readonly driver: StorageDriver; readonly log: Logger },
): Health {
  const probe = async (signal: AbortSignal): Promise<void> => {
    await driver.stat("docker", { signal });
  };
  const checks: HealthCheck[] = [
    ...(health.storageDriver
      ? [storageCheck({ ...health.storageDriver, driver: driver.name, probe })]
      : []),
    ...health.files.map((check) => fileCheck(check)),
    ...health.http.map((check) => httpCheck(check)),
    ...health.tcp.map((check) => tcpCheck(check)),
  ];
  return createHealth({ checks, log });
}

export interface WebhookParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The same as in the log, so that an event leads to the lines of its process. */
  readonly instanceId: string;
}

export function createWebhooks(
  { notifications, http }: Config,
  { log, metrics, instanceId }: WebhookParts,
): readonly Webhook[] {
  const port = http.listen.kind === "tcp" ? `:${http.listen.port}` : "";
  const source = { address: `${hostname()}${port}`, instanceId };
  const { includeReferences } = notifications;
  return notifications.endpoints.map(
    (endpoint) => new Webhook({ endpoint, log, metrics, includeReferences, source }),
  );
}
