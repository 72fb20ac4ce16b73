import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { RegistryEvent } from "../../src/events/event.ts";
import { Webhook, type WebhookEndpoint } from "../../src/events/webhook.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { createMetrics } from "../../src/observability/create-metrics.ts";
import { type Metrics, NO_METRICS } from "../../src/observability/metrics.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { blobPulled, manifestPushed, tagDeleted } from "../fakes/registry-events.ts";
import { type Reaction, WebhookReceiver } from "../fakes/webhook-receiver.ts";

const TIMEOUT_MS = 1000;
const BACKOFF_MS = 7000;

describe("Webhook", () => {
  it("posts an event in its envelope, with the endpoint's headers", async () => {
    await using setup = await open();
    setup.webhook.accept(manifestPushed("1"));
    await setup.drain();
    expect(setup.receiver.received).toMatchObject([
      {
        method: "POST",
        url: "/hook",
        headers: {
          "content-type": "application/vnd.docker.distribution.events.v2+json",
          authorization: "Bearer abc",
          "x-list": "1, 2",
        },
      },
    ]);
    expect(setup.receiver.received[0]?.body).toMatch(
      /^\{\n {3}"events": \[\n {6}\{\n {9}"id": "1",/,
    );
  });

  it("sends one at a time, in order", async () => {
    await using setup = await open();
    for (const id of ["1", "2", "3", "4", "5"]) setup.webhook.accept(blobPulled(id));
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["1", "2", "3", "4", "5"]);
    expect(setup.receiver.mostAtOnce).toBe(1);
  });

  it("sends what comes after the queue was empty", async () => {
    await using setup = await open();
    setup.webhook.accept(blobPulled("1"));
    await setup.receiver.requests(1);
    setup.webhook.accept(blobPulled("2"));
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["1", "2"]);
  });

  it("tries an event again until it is taken, before any later one", async () => {
    await using setup = await open({ reactions: [500, "cut", 404], endpoint: { threshold: 9 } });
    setup.webhook.accept(blobPulled("1"));
    setup.webhook.accept(blobPulled("2"));
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["1", "1", "1", "1", "2"]);
    expect(setup.webhook.status()).toMatchObject({
      pending: 0,
      outcomes: { Events: 2, Successes: 2, Failures: 2, Errors: 1, Dropped: 0 },
      statuses: { "500 Internal Server Error": 1, "404 Not Found": 1, "200 OK": 2 },
    });
  });

  it("waits before each attempt from the threshold on, and no more after a success", async () => {
    await using setup = await open({ reactions: [500, 500, 500, 200, 500] });
    setup.webhook.accept(blobPulled("1"));
    setup.webhook.accept(blobPulled("2"));
    await setup.clock.someoneWaits(BACKOFF_MS);
    expect(setup.receiver.received).toHaveLength(2);
    await setup.clock.advance(BACKOFF_MS);
    await setup.clock.someoneWaits(BACKOFF_MS);
    expect(setup.receiver.received).toHaveLength(3);
    await setup.clock.advance(BACKOFF_MS);
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["1", "1", "1", "1", "2", "2"]);
  });

  it("gives an attempt up when its time is over, and tries again", async () => {
    await using setup = await open({ reactions: ["hang"] });
    setup.webhook.accept(blobPulled("1"));
    await setup.receiver.requests(1);
    await setup.clock.advance(TIMEOUT_MS);
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["1", "1"]);
    expect(setup.webhook.status().outcomes).toMatchObject({ Errors: 1, Successes: 1 });
  });

  it("takes a redirect as success and does not follow it", async () => {
    await using other = await WebhookReceiver.open();
    const redirect: Reaction = (outgoing) => {
      outgoing.writeHead(307, { location: other.url }).end();
    };
    await using setup = await open({ reactions: [redirect] });
    setup.webhook.accept(blobPulled("1"));
    await setup.drain();
    expect(other.received).toEqual([]);
    expect(setup.receiver.received).toHaveLength(1);
    expect(setup.webhook.status().statuses).toEqual({ "307 Temporary Redirect": 1 });
  });

  it("does not read an endless answer", async () => {
    const flood: Reaction = (outgoing) => {
      outgoing.writeHead(200);
      const chunk = Buffer.alloc(65_536);
      const more = (error?: Error | null): void => {
        if (!error) outgoing.write(chunk, more);
      };
      more();
    };
    await using setup = await open({ reactions: [flood] });
    setup.webhook.accept(blobPulled("1"));
    setup.webhook.accept(blobPulled("2"));
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["1", "2"]);
  });

  it("leaves out ignored media types and actions, uncounted", async () => {
    await using setup = await open({
      endpoint: { ignoredMediaTypes: [OCI_MANIFEST], ignoredActions: ["delete"] },
    });
    setup.webhook.accept(manifestPushed("1"));
    setup.webhook.accept(tagDeleted("2"));
    setup.webhook.accept(blobPulled("3"));
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["3"]);
    expect(setup.webhook.status().outcomes.Events).toBe(1);
  });

  it("drops the oldest when too many wait, and says so once", async () => {
    await using setup = await open({ reactions: ["hang"], capacity: 2 });
    setup.webhook.accept(blobPulled("1"));
    await setup.receiver.requests(1);
    for (const id of ["2", "3", "4", "5"]) setup.webhook.accept(blobPulled(id));
    expect(setup.webhook.status()).toMatchObject({ pending: 3, outcomes: { Dropped: 2 } });
    await setup.clock.advance(TIMEOUT_MS);
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["1", "1", "4", "5"]);
    expect(setup.messages.filter((message) => message.includes("oldest"))).toHaveLength(1);
    expect(setup.log.lines).toContainEqual(
      expect.objectContaining({
        message: "the queue of notifications is empty again",
        fields: { "notification.endpoint": "audit", "notification.dropped": 2 },
      }),
    );
  });

  it("accept() leaves the work for after it has returned", async () => {
    await using setup = await open();
    let isFormatted = false;
    const event = Object.defineProperty(blobPulled("1"), "at", {
      get() {
        isFormatted = true;
        return new Date(0);
      },
    });
    setup.webhook.accept(event);
    expect(isFormatted).toBe(false);
    await setup.drain();
    expect(isFormatted).toBe(true);
  });

  it("an event that cannot be written is logged and left out", async () => {
    await using setup = await open();
    const broken = { ...blobPulled("1"), at: new Date(Number.NaN) };
    setup.webhook.accept(broken);
    setup.webhook.accept(blobPulled("2"));
    expect(setup.webhook.status().pending).toBe(2);
    await setup.drain();
    expect(setup.receiver.eventIds).toEqual(["2"]);
    expect(setup.messages).toContain("a notification cannot be sent");
  });

  it("tells its metrics", async () => {
    const metrics = await createMetrics();
    await using setup = await open({ metrics, reactions: [500] });
    setup.webhook.accept(blobPulled("1"));
    await setup.drain();
    const { text } = await metrics.render();
    const lines = text.split("\n").filter((line) => line.startsWith("registry_notifications"));
    expect(lines.toSorted()).toEqual([
      'registry_notifications_events_total{type="Events",endpoint="audit"} 1',
      'registry_notifications_events_total{type="Failures",endpoint="audit"} 1',
      'registry_notifications_events_total{type="Successes",endpoint="audit"} 1',
      'registry_notifications_pending_total{endpoint="audit"} 0',
      'registry_notifications_status_total{code="200 OK",endpoint="audit"} 1',
      'registry_notifications_status_total{code="500 Internal Server Error",endpoint="audit"} 1',
    ]);
  });

  it("logs the first failure, the threshold and the recovery, but not each attempt", async () => {
    await using setup = await open({ reactions: [500, 500, 500] });
    setup.webhook.accept(blobPulled("1"));
    for (let pause = 0; pause < 2; pause += 1) {
      await setup.clock.someoneWaits(BACKOFF_MS);
      await setup.clock.advance(BACKOFF_MS);
    }
    await setup.drain();
    expect(setup.messages).toEqual([
      "a notification did not arrive and is tried again",
      "a notification did not arrive and is tried again",
      "notifications arrive again",
    ]);
  });

  it("keeps credentials and bodies out of log and status, and sends the URL's user as Basic", async () => {
    const receiver = await WebhookReceiver.open(500, "cut");
    const url = receiver.url.replace("//", "//user:c4n%3A4ry@").concat("?token=c4n4ry");
    await using setup = await open({
      receiver,
      endpoint: { url, headers: { "X-Key": ["c4n4ry"] } },
    });
    setup.webhook.accept(manifestPushed("1"));
    await setup.clock.someoneWaits(BACKOFF_MS);
    await setup.clock.advance(BACKOFF_MS);
    await setup.drain();
    const basic = `Basic ${Buffer.from("user:c4n:4ry").toString("base64")}`;
    expect(receiver.received[0]?.headers).toMatchObject({ authorization: basic });
    expect(receiver.received[0]?.url).toBe("/hook?token=c4n4ry");
    const told = inspect([setup.log.lines, setup.webhook.status()], { depth: 9 });
    expect(told).not.toMatch(/c4n|alice/);
    expect(told).toContain("/hook?token=[redacted]");
  });
});

describe("close()", () => {
  it("stops at its signal, and says what is left", async () => {
    await using setup = await open({ reactions: ["hang"] });
    setup.webhook.accept(blobPulled("1"));
    setup.webhook.accept(blobPulled("2"));
    await setup.receiver.requests(1);
    const giveUp = new AbortController();
    const closed = setup.webhook.close({ signal: giveUp.signal });
    giveUp.abort();
    await closed;
    expect(setup.log.lines).toMatchObject([
      { message: "notifications were not delivered", fields: { "notification.pending": 2 } },
    ]);
    expect(setup.clock.delaysMs).toEqual([]);
  });

  it("stops in the middle of a pause", async () => {
    await using setup = await open({ reactions: [500, 500] });
    setup.webhook.accept(blobPulled("1"));
    await setup.clock.someoneWaits(BACKOFF_MS);
    await setup.webhook.close({ signal: AbortSignal.abort() });
    expect(setup.receiver.received).toHaveLength(2);
    expect(setup.messages).toContain("notifications were not delivered");
  });

  it("takes no more events", async () => {
    await using setup = await open();
    await setup.drain();
    setup.webhook.accept(blobPulled("1"));
    expect(setup.webhook.status()).toMatchObject({ pending: 0, outcomes: { Events: 0 } });
  });
});

interface Setup extends AsyncDisposable {
  readonly receiver: WebhookReceiver;
  readonly webhook: { accept(event: RegistryEvent): void } & Pick<Webhook, "close" | "status">;
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  readonly messages: readonly string[];
  /** Closes the webhook once everything has arrived. */
  drain(): Promise<void>;
}

async function open(
  options: {
    readonly reactions?: readonly Reaction[];
    readonly receiver?: WebhookReceiver;
    readonly endpoint?: Partial<WebhookEndpoint>;
    readonly metrics?: Metrics;
    readonly capacity?: number;
  } = {},
): Promise<Setup> {
  const receiver = options.receiver ?? (await WebhookReceiver.open(...(options.reactions ?? [])));
  const clock = new FakeClock();
  const log = new RecordingLogger();
  const endpoint = {
    name: "audit",
    url: receiver.url,
    headers: { Authorization: ["Bearer abc"], "X-List": ["1", "2"] },
    timeoutMs: TIMEOUT_MS,
    threshold: 2,
    backoffMs: BACKOFF_MS,
    ignoredMediaTypes: [],
    ignoredActions: [],
    ...options.endpoint,
  };
  const webhook = new Webhook({
    endpoint,
    includeReferences: false,
    source: { address: "registry-1:5000", instanceId: "i" },
    log,
    metrics: options.metrics ?? NO_METRICS,
    clock,
    ...(options.capacity !== undefined && { capacity: options.capacity }),
  });
  return {
    receiver,
    webhook,
    clock,
    log,
    get messages() {
      return log.lines.map(({ message }) => message);
    },
    drain: () => webhook.close({ signal: new AbortController().signal }),
    async [Symbol.asyncDispose]() {
      await webhook.close({ signal: AbortSignal.abort() });
      await receiver[Symbol.asyncDispose]();
    },
  };
}
