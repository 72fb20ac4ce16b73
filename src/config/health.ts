import { z } from "zod";
import type { HealthConfig, PeriodicCheckConfig } from "./config.ts";
import { count, duration, flag, headers, optionalDuration, parseHttpUrl } from "./leaves.ts";
import { parseTcpAddress } from "./listen-address.ts";
import { ENVIRONMENT_NAME } from "./schema-marks.ts";

const interval = duration("10s").describe("Time between two checks. 0 is the same as 10s.");
const threshold = count(0).describe("Failures in a row from which the check counts as failed.");
const timeout = optionalDuration().describe("How long the check may take. Default: 10s.");

const fileCheck = z.object({
  file: z.string().describe("Path of the file. Required."),
  interval,
  threshold,
});

const httpCheck = z.object({
  uri: z
    .string()
    .refine((uri) => parseHttpUrl(uri) !== undefined, "must be a URL of http or https")
    .describe("URL that a HEAD request goes to. Required."),
  headers: headers().describe("Header fields of the request: each name with a list of values."),
  statuscode: z.int().min(0).max(599).default(200).describe("Status that must be answered."),
  timeout,
  interval,
  threshold,
});

const tcpCheck = z.object({
  addr: z
    .string()
    .refine((address) => parseTcpAddress(address) !== undefined, "must be host:port")
    .describe("`host:port` that must take a connection. Required."),
  timeout,
  interval,
  threshold,
});

/** `health:` */
export const healthSchema = z
  .object({
    storagedriver: z
      .object({
        enabled: flag(false).describe("Whether the store is checked."),
        interval,
        threshold,
      })
      .prefault({})
      .describe("Checks the store; while it fails the registry answers 503."),
    file: z
      .array(fileCheck)
      .default([])
      .describe("Files; while one of them exists the registry counts as unhealthy.")
      .meta({ [ENVIRONMENT_NAME]: "filecheckers" }),
    http: z
      .array(httpCheck)
      .default([])
      .describe("URLs that must answer.")
      .meta({ [ENVIRONMENT_NAME]: "httpcheckers" }),
    tcp: z
      .array(tcpCheck)
      .default([])
      .describe("Addresses that must take connections.")
      .meta({ [ENVIRONMENT_NAME]: "tcpcheckers" }),
  })
  .prefault({})
  .describe("Checks of what the registry depends on.");

type HealthSection = z.output<typeof healthSchema>;

export function toHealthConfig(health: HealthSection): HealthConfig {
  return {
    storageDriver: health.storagedriver.enabled ? periodic(health.storagedriver) : undefined,
    files: health.file.map((check) => ({ file: check.file, ...periodic(check) })),
    http: health.http.map((check) => ({
      uri: check.uri,
      headers: check.headers,
      statusCode: check.statuscode === 0 ? 200 : check.statuscode,
      timeoutMs: timeoutMs(check),
      ...periodic(check),
    })),
    tcp: health.tcp.map((check) => ({
      address: check.addr,
      timeoutMs: timeoutMs(check),
      ...periodic(check),
    })),
  };
}

function periodic(check: { interval: number; threshold: number }): PeriodicCheckConfig {
  return {
    intervalMs: check.interval > 0 ? check.interval : 10_000,
    threshold: check.threshold,
  };
}

/** The reference waits for ever where nothing is said; a check that hangs would never fail. */
function timeoutMs(check: { timeout?: number | undefined }): number {
  return check.timeout !== undefined && check.timeout > 0 ? check.timeout : 10_000;
}
