import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  exponentialBuckets,
  Gauge,
  Histogram,
  Registry,
} from "prom-client";
import type {
  FinishedRequest,
  HandlerName,
  Metrics,
  MetricsReport,
  NotificationOutcome,
  RefusalReason,
  StorageAction,
} from "./metrics.ts";

const DURATION_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60];
const STORAGE_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZE_BUCKETS_BYTES = exponentialBuckets(1024, 2, 22);

/** {@link Metrics} kept by prom-client. Loaded by `createMetrics` only, because the library costs start-up time. */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #http = httpSeries(this.#registry);
  readonly #notifications = notificationSeries(this.#registry);
  readonly #storageSeconds = new Histogram({
    name: "registry_storage_action_seconds",
    help: "Time that the store took for an action",
    labelNames: ["driver", "action"],
    buckets: STORAGE_BUCKETS_SECONDS,
    registers: [this.#registry],
  });

  readonly #refused = new Counter({
    name: "barge_refused_total",
    help: "Requests and connections refused under load, by the limit that they met",
    labelNames: ["reason"],
    registers: [this.#registry],
  });

  readonly #open = new Gauge({
    name: "barge_open_registry",
    help: "Whether anybody may pull, push and delete here without a word about who they are",
    registers: [this.#registry],
    aggregator: "max",
  });

  constructor() {
    new Gauge({
      name: "barge_processes",
      help: "Serving processes whose figures these are",
      registers: [this.#registry],
    }).set(1);
    collectDefaultMetrics({ register: this.#registry });
  }

  requestStarted(handler: HandlerName): void {
    this.#http.inFlight.inc({ handler });
  }

  requestFinished(request: FinishedRequest): void {
    const { handler, code } = request;
    const method = request.method.toLowerCase();
    this.#http.inFlight.dec({ handler });
    this.#http.total.inc({ handler, code, method });
    this.#http.seconds.observe({ handler, method }, request.seconds);
    this.#http.requestBytes.observe({ handler }, request.requestBytes);
    this.#http.responseBytes.observe({ handler }, request.responseBytes);
  }

  storageAction(action: {
    readonly driver: string;
    readonly action: StorageAction;
    readonly seconds: number;
  }): void {
    this.#storageSeconds.observe({ driver: action.driver, action: action.action }, action.seconds);
  }

  refused(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }

  notification(endpoint: string, outcome: NotificationOutcome): void {
    this.#notifications.events.inc({ type: outcome, endpoint });
  }

  notificationsPending(endpoint: string, pending: number): void {
    this.#notifications.pending.set({ endpoint }, pending);
  }

  notificationStatus(endpoint: string, status: string): void {
    this.#notifications.statuses.inc({ code: status, endpoint });
  }

  openToAll(isOpen: boolean): void {
    this.#open.set(isOpen ? 1 : 0);
  }

  async report(): Promise<MetricsReport> {
    return await this.#registry.getMetricsAsJSON();
  }

  async render(
    others: readonly MetricsReport[] = [],
  ): Promise<{ readonly contentType: string; readonly text: string }> {
    const { contentType } = this.#registry;
    if (others.length === 0) return { contentType, text: await this.#registry.metrics() };
    // What would make no sense as a sum, such as a delay, is averaged or left out by the library.
    const all = AggregatorRegistry.aggregate([await this.report(), ...others]);
    return { contentType, text: await all.metrics() };
  }
}

function httpSeries(registry: Registry) {
  const registers = [registry];
  const size = { labelNames: ["handler"], buckets: SIZE_BUCKETS_BYTES, registers } as const;
  return {
    total: new Counter({
      name: "registry_http_requests_total",
      help: "Requests answered",
      labelNames: ["handler", "code", "method"],
      registers,
    }),
    inFlight: new Gauge({
      name: "registry_http_in_flight_requests",
      help: "Requests being answered",
      labelNames: ["handler"],
      registers,
    }),
    seconds: new Histogram({
      name: "registry_http_request_duration_seconds",
      help: "Time from a request's head to the end of its answer",
      labelNames: ["handler", "method"],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    }),
    requestBytes: new Histogram({
      name: "registry_http_request_size_bytes",
      help: "Size of requests",
      ...size,
    }),
    responseBytes: new Histogram({
      name: "registry_http_response_size_bytes",
      help: "Size of answers",
      ...size,
    }),
  };
}

function notificationSeries(registry: Registry) {
  const registers = [registry];
  return {
    events: new Counter({
      name: "registry_notifications_events_total",
      help: "Notifications by what became of them",
      labelNames: ["type", "endpoint"],
      registers,
    }),
    pending: new Gauge({
      name: "registry_notifications_pending_total",
      help: "Notifications waiting to be delivered",
      labelNames: ["endpoint"],
      registers,
    }),
    statuses: new Counter({
      name: "registry_notifications_status_total",
      help: "Answers of notification endpoints by status",
      labelNames: ["code", "endpoint"],
      registers,
    }),
  };
}
