import type { IncomingHttpHeaders, RequestListener, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { openLoopbackServer } from "./loopback-server.ts";

/** What a receiver does with a request: a status, nothing at all, cutting the connection, or by hand. */
export type Reaction = number | "hang" | "cut" | ((outgoing: ServerResponse) => void);

export interface ReceivedNotification {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the first event in the body. */
  readonly eventId: string;
}

/** A loopback server for webhooks that plays its reactions in turn and answers 200 afterwards. */
export class WebhookReceiver implements AsyncDisposable {
  readonly received: ReceivedNotification[] = [];
  /** How many requests were open at once at most. */
  mostAtOnce = 0;
  readonly #reactions: Reaction[];
  #server: (AsyncDisposable & { readonly url: string }) | undefined;
  #open = 0;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor(reactions: readonly Reaction[]) {
    this.#reactions = [...reactions];
  }

  static async open(...reactions: readonly Reaction[]): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(reactions);
    const listener: RequestListener = (incoming, outgoing) => {
      receiver.#open += 1;
      receiver.mostAtOnce = Math.max(receiver.mostAtOnce, receiver.#open);
      outgoing.on("close", () => {
        receiver.#open -= 1;
      });
      void text(incoming).then((body) => {
        const { method = "", url = "", headers } = incoming;
        receiver.#note({ method, url, headers, body, eventId: idOf(body) });
        react(outgoing, receiver.#reactions.shift() ?? 200);
      });
    };
    receiver.#server = await openLoopbackServer(listener);
    return receiver;
  }

  get url(): string {
    return `${this.#server?.url}/hook`;
  }

  get eventIds(): readonly string[] {
    return this.received.map(({ eventId }) => eventId);
  }

  /** Resolves once that many requests have come in. */
  async requests(count: number): Promise<void> {
    if (this.received.length >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  #note(notification: ReceivedNotification): void {
    this.received.push(notification);
    for (const { count, resolve } of this.#waiting) if (this.received.length >= count) resolve();
  }
}

function react(outgoing: ServerResponse, reaction: Reaction): void {
  if (reaction === "hang") return;
  if (reaction === "cut") outgoing.socket?.destroy();
  else if (typeof reaction === "number") outgoing.writeHead(reaction).end("thank you");
  else reaction(outgoing);
}

function idOf(body: string): string {
  const envelope = JSON.parse(body) as { events: [{ id: string }] };
  return envelope.events[0].id;
}
