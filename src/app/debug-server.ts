/** The debug listener: one for all processes that serve, with the figures of all of them. */
import type { Config } from "../config/config.ts";
import { debugHandler, type DebugHandlerOptions } from "../observability/debug-handler.ts";
import { debugVars, sumEndpoints, sumMemory } from "../observability/debug-vars.ts";
import type { Logger } from "../observability/logger.ts";
import type { Metrics } from "../observability/metrics.ts";
import { startServer } from "./http-server.ts";
import type { GroupReport } from "./process-group.ts";
import type { ProcessReport } from "./process-messages.ts";

export interface DebugParts {
  readonly log: Logger;
  readonly resources: AsyncDisposableStack;
  readonly metrics: Metrics;
  /** Of this process. */
  readonly report: () => Promise<ProcessReport>;
  /** Of the others that serve. */
  readonly reportOthers: () => Promise<GroupReport>;
}

/** Does nothing unless the config names an address. @throws {ListenFailed} */
export async function startDebugServer(
  { http: { debug } }: Config,
  parts: DebugParts,
): Promise<void> {
  if (debug === undefined) return;
  const { log, resources } = parts;
  const prometheusPath = debug.prometheus?.path;
  const listener = debugHandler({ ...debugPages(parts), prometheusPath });
  const options = { listen: debug.listen, tls: undefined, listener, log };
  const server = resources.use(await startServer(options));
  log.info(`debug server listening ${server.address}`);
  if (prometheusPath !== undefined) log.info(`providing prometheus metrics on ${prometheusPath}`);
}

/** Some of the processes that serve did not tell their figures: a sum without them would be wrong. */
class FiguresMissing extends Error {
  readonly kind = "FiguresMissing";
}

interface PageParts extends Pick<DebugParts, "report" | "reportOthers"> {
  readonly metrics: Pick<Metrics, "render">;
}

/** What the pages show, out of what the processes tell. */
export function debugPages({
  metrics,
  report,
  reportOthers,
}: PageParts): Omit<DebugHandlerOptions, "prometheusPath"> {
  const all = async (): Promise<readonly ProcessReport[]> => {
    const [own, others] = await Promise.all([report(), reportOthers()]);
    return [own, ...others.reports];
  };
  return {
    failures: async () => {
      const [own, { reports, silentPids }] = await Promise.all([report(), reportOthers()]);
      const silent = silentPids.map((pid) => [`process ${pid}`, "does not answer"] as const);
      const failures = [own, ...reports].flatMap((one) => Object.entries(one.failures));
      return Object.fromEntries([...silent, ...failures]);
    },
    metrics: async () => {
      const { reports, outlasting, silentPids } = await reportOthers();
      if (silentPids.length > 0) throw new FiguresMissing("a serving process does not answer");
      return await metrics.render([...reports.map((one) => one.metrics), ...outlasting]);
    },
    vars: async () => {
      const reports = await all();
      return debugVars({
        commandLine: process.argv,
        memory: sumMemory(reports.map(({ memory }) => memory)),
        endpoints: sumEndpoints(reports.map(({ endpoints }) => endpoints)),
      });
    },
  };
}
