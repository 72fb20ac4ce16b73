/**
 * What Prometheus scrapes. Names, labels and buckets are those of the reference registry, so that its
 * dashboards go on working; what it has no name for begins with `barge_`.
 */

/** The routes by which requests are counted. */
export type HandlerName =
  | "base"
  | "manifest"
  | "catalog"
  | "tags"
  | "blob"
  | "blob_upload"
  | "blob_upload_chunk"
  | "referrers";

/** The reference registry's words for what a storage driver does. */
export type StorageAction =
  | "GetContent"
  | "PutContent"
  | "Reader"
  | "Writer"
  | "Stat"
  | "List"
  | "Move"
  | "Delete"
  | "RedirectURL";

/** `Events` come in and end as `Successes` or `Dropped`; each attempt in between is one of `Failures` (refused) or `Errors` (not reached). */
export type NotificationOutcome = "Events" | "Successes" | "Failures" | "Errors" | "Dropped";

/** Which limit a request met; `dropped`: a connection was closed without an answer. */
export type RefusalReason = "connections" | "buffered" | "memory" | "dropped";

export interface FinishedRequest {
  readonly handler: HandlerName;
  readonly method: string;
  /** The status of the answer. */
  readonly code: number;
  readonly seconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Figures of one process. Plain data: it may be sent to another process of the same program. */
export type MetricsReport = readonly object[];

/**
 * What of a report still counts when its process has ended: a counter that fell would look like a
 * restart of the whole server, and all it has counted like news.
 */
export function outlasting(report: MetricsReport): MetricsReport {
  return report.filter(
    (figure) => "type" in figure && (figure.type === "counter" || figure.type === "histogram"),
  );
}

export interface Metrics {
  /** Each call is followed by one of {@link requestFinished}, also when the client goes away. */
  requestStarted(handler: HandlerName): void;
  requestFinished(request: FinishedRequest): void;
  storageAction(action: {
    readonly driver: string;
    readonly action: StorageAction;
    readonly seconds: number;
  }): void;
  /** Something was refused because there was too much to do. */
  refused(reason: RefusalReason): void;
  notification(endpoint: string, outcome: NotificationOutcome): void;
  notificationsPending(endpoint: string, pending: number): void;
  /** @param status as in `200 OK`. */
  notificationStatus(endpoint: string, status: string): void;
  /** Whether strangers may do what they like, and nobody said that this is meant. */
  openToAll(isOpen: boolean): void;
  /** The figures of this process, for another one that renders those of all. */
  report(): Promise<MetricsReport>;
  /** All series in the text format of Prometheus, those of other processes added. */
  render(
    others?: readonly MetricsReport[],
  ): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Counts nothing: for a registry without Prometheus. */
export const NO_METRICS: Metrics = {
  requestStarted: () => undefined,
  requestFinished: () => undefined,
  storageAction: () => undefined,
  refused: () => undefined,
  notification: () => undefined,
  notificationsPending: () => undefined,
  notificationStatus: () => undefined,
  openToAll: () => undefined,
  report: () => Promise.resolve([]),
  render: () => Promise.resolve({ contentType: "text/plain; charset=utf-8", text: "" }),
};
