import { z } from "zod";
import type { DebugConfig } from "./config.ts";
import { flag } from "./leaves.ts";
import { describeTcpAddress, parseTcpAddress } from "./listen-address.ts";

const tcpAddress = z.string().transform((address, context) => {
  const parsed = parseTcpAddress(address);
  if (parsed !== undefined) return parsed;
  context.addIssue(describeTcpAddress(address));
  return z.NEVER;
});

/** `http.debug:` */
export const debugSchema = z
  .object({
    addr: tcpAddress
      .optional()
      .describe("Address of the listener for metrics and health. Without it there is none."),
    prometheus: z
      .object({
        enabled: flag(false).describe("Whether metrics are served for Prometheus."),
        path: z
          .string()
          .regex(/^\//, "must begin with /")
          .default("/metrics")
          .describe("Path of the metrics."),
      })
      .prefault({})
      .describe("Metrics, on the listener of `http.debug.addr`."),
  })
  .prefault({})
  .describe("A second listener, for operators. Keep it away from users.");

/** @returns `undefined` when there is no such listener. */
export function toDebugConfig(debug: z.output<typeof debugSchema>): DebugConfig | undefined {
  if (debug.addr === undefined) return undefined;
  const { enabled, path } = debug.prometheus;
  return { listen: debug.addr, prometheus: enabled ? { path } : undefined };
}
