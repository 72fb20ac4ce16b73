/** The checks that the configuration can ask for. */
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { systemClock, type Clock } from "../lib/clock.ts";
import { withTimeLimit } from "../lib/time-limit.ts";
import { headStatus } from "./head-status.ts";
import type { HealthCheck } from "./health.ts";

export interface CheckTiming {
  readonly intervalMs: number;
  readonly threshold: number;
}

/** What was checked is not as it should be. The message is shown to operators. */
export class Unhealthy extends Error {
  readonly kind = "Unhealthy";
}

/** For checks to which the configuration gives no limit: none may hang for ever, or its last result would stand for ever. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** @param probe any cheap call to the store; must reject once its signal aborts. */
export function storageCheck(
  options: CheckTiming & {
    readonly driver: string;
    readonly probe: (signal: AbortSignal) => Promise<void>;
    readonly clock?: Clock;
  },
): HealthCheck {
  const { driver, probe, intervalMs, threshold, clock = systemClock } = options;
  return {
    name: `storagedriver_${driver}`,
    intervalMs,
    threshold,
    run: (signal) => withTimeLimit({ clock, timeoutMs: DEFAULT_TIMEOUT_MS, signal }, probe),
  };
}

/** Bad while the file is there: creating it takes the registry out of service. */
export function fileCheck(options: CheckTiming & { readonly file: string }): HealthCheck {
  const { file, intervalMs, threshold } = options;
  return {
    name: file,
    intervalMs,
    threshold,
    async run() {
      if (await exists(file)) throw new Unhealthy("file exists");
    },
  };
}

/** Asks by HEAD and follows redirects; any other status than `statusCode` is bad. */
export function httpCheck(
  options: CheckTiming & {
    readonly uri: string;
    readonly headers: Readonly<Record<string, readonly string[]>>;
    readonly statusCode: number;
    /** 0 for the default. */
    readonly timeoutMs: number;
    readonly clock?: Clock;
  },
): HealthCheck {
  const { uri, headers, statusCode, intervalMs, threshold, clock = systemClock } = options;
  return {
    name: uri,
    intervalMs,
    threshold,
    async run(signal) {
      const limit = { clock, timeoutMs: options.timeoutMs || DEFAULT_TIMEOUT_MS, signal };
      const status = await withTimeLimit(limit, (limited) =>
        headStatus(new URL(uri), { headers, expectedStatus: statusCode, signal: limited }),
      );
      if (status !== statusCode) throw new Unhealthy(`unexpected status ${status}`);
    },
  };
}

/** Bad when no connection can be made. @param options.address as `host:port` or `[v6]:port`. */
export function tcpCheck(
  options: CheckTiming & {
    readonly address: string;
    /** 0 for the default. */
    readonly timeoutMs: number;
    readonly clock?: Clock;
  },
): HealthCheck {
  const { address, intervalMs, threshold, clock = systemClock } = options;
  return {
    name: address,
    intervalMs,
    threshold,
    run: (signal) =>
      withTimeLimit(
        { clock, timeoutMs: options.timeoutMs || DEFAULT_TIMEOUT_MS, signal },
        (limited) => tryToConnect(splitAddress(address), limited),
      ),
  };
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, "$1");
  return { host: host === "" ? "localhost" : host, port: Number(address.slice(colon + 1)) };
}

function tryToConnect(
  to: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...to, signal });
    socket.on("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", (error) => {
      socket.destroy();
      reject(signal.aborted ? signal.reason : error);
    });
  });
}
