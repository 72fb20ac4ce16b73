/** A registry from its start to its end: opens everything in order, serves, drains, closes in reverse. */
import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import type { BargeConfig, Config } from "../config/config.ts";
import { systemClock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import { startDebugServer } from "./debug-server.ts";
import { isCarelesslyOpen, OPEN_WARNING } from "./openness.ts";
import { openLog } from "./observation.ts";
import type { GroupReport, ProcessGroup } from "./process-group.ts";
import { openServing, type Serving } from "./serving.ts";
import { aborted } from "./stopping.ts";
import { startUploadPurge } from "./upload-purge.ts";
import { readVersion } from "./version.ts";

export interface ServeOptions {
  readonly config: Config;
  /** What the config was read from: further processes read it again. */
  readonly text: string;
  /** What the loader of the config wants the operator to know. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  /** Aborts to stop: requests that run may end within `http.draintimeout`. */
  readonly stop: AbortSignal;
  /** Called once the registry takes requests, with its address. */
  readonly onListening: (address: string) => void;
}

/** Resolves when everything is closed after `stop`. @throws whatever keeps it from starting. */
export async function serve(options: ServeOptions): Promise<void> {
  const { config, stop } = options;
  await using resources = new AsyncDisposableStack();
  const instanceId = randomUUID();
  const log = openLog(config, { version: await readVersion(), resources, instanceId });
  // Before everything else, so that nobody overlooks it.
  if (isCarelesslyOpen(config)) log.warn(OPEN_WARNING);
  for (const note of options.notes) log.info(note);
  for (const warning of options.warnings) log.warn(warning);
  const processes = processCount(config.barge, availableParallelism());
  const group = await openGroup(processes, { log, resources });
  const serving = await openServing(config, {
    log,
    resources,
    instanceId,
    processes,
    ...(group && { portSharing: "first" }),
    beforeListening: (parts) => {
      const reportOthers = async (): Promise<GroupReport> => (await group?.report()) ?? NO_OTHERS;
      return startDebugServer(config, { ...parts, log, resources, reportOthers });
    },
  });
  const { address } = serving.server;
  await group?.start({
    kind: "start",
    config: { text: options.text, source: config.source },
    port: Number(new URL(address).port),
    processes,
  });
  options.onListening(address);
  log.info(`listening on ${address}`);
  resources.use(startUploadPurge(config.storage, { driver: serving.driver, log }));
  const timeoutMs = (): number => config.http.drainTimeoutMs;
  await untilEnd(serving, { timeoutMs, stop, log, group });
}

/** Of processes that serve; the word for one per core made a number. */
export function processCount({ processes }: Pick<BargeConfig, "processes">, cores: number): number {
  return processes === "auto" ? Math.max(1, cores) : processes;
}

const NO_OTHERS: GroupReport = { reports: [], outlasting: [], silentPids: [] };

/** Further processes begin to load while this one opens what it needs. */
async function openGroup(
  processes: number,
  { log, resources }: { readonly log: Logger; readonly resources: AsyncDisposableStack },
): Promise<ProcessGroup | undefined> {
  if (processes === 1) return undefined;
  const module = await import("./process-group.ts");
  return resources.use(
    new module.ProcessGroup({ further: processes - 1, log, clock: systemClock }),
  );
}

interface EndOptions {
  /** How long requests may take to end; asked when it is to stop. */
  readonly timeoutMs: () => number;
  readonly stop: AbortSignal;
  readonly log: Logger;
  readonly group?: Pick<ProcessGroup, "stop"> | undefined;
}

/** Serves until it is to stop or the store is lost, and then ends in order. @throws {StoreLost} */
export async function untilEnd(
  { lost, finish }: Pick<Serving, "lost" | "finish">,
  { timeoutMs, stop, log, group }: EndOptions,
): Promise<void> {
  await aborted(AbortSignal.any([stop, lost]));
  if (lost.aborted) log.error("the store is not held any more", { err: lost.reason });
  // What still runs then could write while others delete.
  const drainMs = lost.aborted ? 0 : timeoutMs();
  await Promise.all([finish(drainMs), group?.stop(drainMs)]);
  log.info("stopped");
  lost.throwIfAborted();
}
