/** What the first serving process and the others say to each other. Both ends are the same program. */
import type { ConfigText } from "../config/load.ts";
import type { EndpointFigures, MemoryFigures } from "../observability/debug-vars.ts";
import type { MetricsReport } from "../observability/metrics.ts";

export type ToProcess =
  | {
      readonly kind: "start";
      readonly config: Pick<ConfigText, "text" | "source">;
      /** The one that all listen on. */
      readonly port: number;
      /** How many processes serve. */
      readonly processes: number;
    }
  | { readonly kind: "report"; readonly id: number }
  /** Within the time, requests that run may end. */
  | { readonly kind: "stop"; readonly timeoutMs: number };

export type FromProcess =
  | { readonly kind: "listening"; readonly instanceId: string }
  /** It has not started, for this reason. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "report"; readonly id: number; readonly report: ProcessReport };

/** How a process is at a moment. */
export interface ProcessReport {
  readonly metrics: MetricsReport;
  /** Of its health checks, by name. */
  readonly failures: Readonly<Record<string, string>>;
  readonly memory: MemoryFigures;
  readonly endpoints: readonly EndpointFigures[];
}

export function isToProcess(message: unknown): message is ToProcess {
  return isOfKind(message, ["start", "report", "stop"]);
}

export function isFromProcess(message: unknown): message is FromProcess {
  return isOfKind(message, ["listening", "failed", "report"]);
}

function isOfKind(message: unknown, kinds: readonly string[]): boolean {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  return typeof message.kind === "string" && kinds.includes(message.kind);
}
