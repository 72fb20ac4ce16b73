import { STATUS_CODES } from "node:http";
import { BoundedQueue } from "../lib/bounded-queue.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import type { Logger } from "../observability/logger.ts";
import type { Metrics, NotificationOutcome } from "../observability/metrics.ts";
import { redactUrl } from "../observability/redaction.ts";
import { Delivery } from "./delivery.ts";
import { type EnvelopeOptions, formatEnvelope, mediaTypeOf } from "./envelope.ts";
import type { RegistryEvent } from "./event.ts";

/** Where notifications go, and which. */
export interface WebhookEndpoint {
  /** For logs and metrics. */
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** For one whole attempt. */
  readonly timeoutMs: number;
  /** Failures in a row after which each further attempt waits `backoffMs`. */
  readonly threshold: number;
  readonly backoffMs: number;
  readonly ignoredMediaTypes: readonly string[];
  readonly ignoredActions: readonly string[];
}

export interface WebhookOptions extends EnvelopeOptions {
  readonly endpoint: WebhookEndpoint;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock?: Clock;
  /** How many events may wait; default 10,000. */
  readonly capacity?: number;
}

/** What an endpoint has been sent since the start. */
export interface WebhookStatus {
  readonly name: string;
  /** Without secrets. */
  readonly url: string;
  readonly pending: number;
  readonly outcomes: Readonly<Record<NotificationOutcome, number>>;
  /** Answers by status, as in `200 OK`. */
  readonly statuses: Readonly<Record<string, number>>;
}

const DEFAULT_CAPACITY = 10_000;

/**
 * Tells one endpoint of events, one at a time and in their order, and tries each until an answer of
 * 2xx or 3xx comes. What waits is kept in memory only: when an endpoint stays away for long the oldest
 * events are dropped, and what is left at the end of the process is lost.
 */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #delivery: Delivery;
  readonly #queue: BoundedQueue<RegistryEvent>;
  readonly #stop = new AbortController();
  readonly #outcomes = { Events: 0, Successes: 0, Failures: 0, Errors: 0, Dropped: 0 };
  readonly #statuses = new Map<string, number>();
  #working: Promise<void> | undefined;
  #isSending = false;
  #isClosed = false;
  #failuresInARow = 0;
  #droppedInARow = 0;

  /** @throws {TypeError} when the endpoint's URL is none. */
  constructor(options: WebhookOptions) {
    const { endpoint, log, clock = systemClock, capacity = DEFAULT_CAPACITY } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log.child({ "notification.endpoint": endpoint.name });
    this.#delivery = new Delivery({ ...endpoint, clock });
    this.#queue = new BoundedQueue(capacity);
  }

  /** Takes an event into the queue, unless the endpoint ignores such or the webhook is closed. Returns at once. */
  accept(event: RegistryEvent): void {
    if (this.#isClosed || isIgnored(event, this.#options.endpoint)) return;
    this.#count("Events");
    if (this.#queue.push(event)) this.#noteDrop();
    this.#tellPending();
    this.#working ??= this.#work();
  }

  status(): WebhookStatus {
    const { name, url } = this.#options.endpoint;
    return {
      name,
      url: redactUrl(url),
      pending: this.#pending,
      outcomes: { ...this.#outcomes },
      statuses: Object.fromEntries(this.#statuses),
    };
  }

  /** Takes no more events and goes on until all are delivered or the signal aborts. Never throws. */
  async close({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#isClosed = true;
    const giveUp = (): void => this.#stop.abort();
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    await this.#working;
    signal.removeEventListener("abort", giveUp);
    this.#delivery[Symbol.dispose]();
    if (this.#pending > 0) {
      this.#log.warn("notifications were not delivered", { "notification.pending": this.#pending });
    }
  }

  get #pending(): number {
    return this.#queue.length + (this.#isSending ? 1 : 0);
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // so that nothing is sent on the time of whoever published the event
    while (!this.#stop.signal.aborted) {
      const event = this.#queue.shift();
      if (event === undefined) break;
      this.#isSending = true;
      if (!(await this.#deliver(event))) break;
      this.#isSending = false;
      this.#tellPending();
    }
    this.#working = undefined;
  }

  /** @returns false when it was stopped before the event had arrived. */
  async #deliver(event: RegistryEvent): Promise<boolean> {
    try {
      const body = Buffer.from(formatEnvelope(event, this.#options));
      while (!(await this.#attempt(body))) await this.#pauseAfterFailure();
      return true;
    } catch (error) {
      if (this.#stop.signal.aborted) return false;
      this.#log.error("a notification cannot be sent", { "event.id": event.id, err: error });
      return true;
    }
  }

  async #attempt(body: Uint8Array): Promise<boolean> {
    try {
      const status = await this.#delivery.post(body, this.#stop.signal);
      this.#countStatus(status);
      if (status < 200 || status >= 400) throw new NotificationRefused(status);
      this.#noteSuccess();
      return true;
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      this.#noteFailure(error);
      return false;
    }
  }

  async #pauseAfterFailure(): Promise<void> {
    const { threshold, backoffMs } = this.#options.endpoint;
    if (this.#failuresInARow < threshold) return;
    await this.#clock.delay(backoffMs, { signal: this.#stop.signal });
  }

  #noteSuccess(): void {
    this.#count("Successes");
    if (this.#failuresInARow > 0) this.#log.info("notifications arrive again");
    this.#failuresInARow = 0;
    if (this.#droppedInARow === 0 || this.#queue.length > 0) return;
    this.#log.info("the queue of notifications is empty again", {
      "notification.dropped": this.#droppedInARow,
    });
    this.#droppedInARow = 0;
  }

  #noteFailure(error: unknown): void {
    this.#count(error instanceof NotificationRefused ? "Failures" : "Errors");
    this.#failuresInARow += 1;
    const { threshold } = this.#options.endpoint;
    if (this.#failuresInARow !== 1 && this.#failuresInARow !== threshold) return;
    this.#log.warn("a notification did not arrive and is tried again", {
      "notification.failures": this.#failuresInARow,
      err: error,
    });
  }

  #noteDrop(): void {
    this.#count("Dropped");
    this.#droppedInARow += 1;
    if (this.#droppedInARow > 1) return;
    this.#log.warn("too many notifications are waiting, the oldest are dropped", {
      "notification.pending": this.#pending,
    });
  }

  #count(outcome: NotificationOutcome): void {
    this.#outcomes[outcome] += 1;
    this.#options.metrics.notification(this.#options.endpoint.name, outcome);
  }

  #countStatus(status: number): void {
    const text = `${status} ${STATUS_CODES[status] ?? ""}`.trimEnd();
    this.#statuses.set(text, (this.#statuses.get(text) ?? 0) + 1);
    this.#options.metrics.notificationStatus(this.#options.endpoint.name, text);
  }

  #tellPending(): void {
    this.#options.metrics.notificationsPending(this.#options.endpoint.name, this.#pending);
  }
}

/** The endpoint answered, but not with 2xx or 3xx. */
class NotificationRefused extends Error {
  readonly kind = "NotificationRefused";
  constructor(status: number) {
    super(`the endpoint answered ${status}`);
  }
}

function isIgnored(event: RegistryEvent, endpoint: WebhookEndpoint): boolean {
  const mediaType = mediaTypeOf(event);
  return (
    endpoint.ignoredActions.includes(event.action) ||
    (mediaType !== undefined && endpoint.ignoredMediaTypes.includes(mediaType))
  );
}
