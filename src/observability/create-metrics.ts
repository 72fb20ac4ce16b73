import type { Metrics } from "./metrics.ts";

/** Metrics of their own registry, so that several can live in one process. The library is loaded on the first call. */
export async function createMetrics(): Promise<Metrics> {
  const { PrometheusMetrics } = await import("./prometheus-metrics.ts");
  return new PrometheusMetrics();
}
