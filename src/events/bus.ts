import type { Logger } from "../observability/logger.ts";
import type { RegistryEvent } from "./event.ts";

/**
 * Called for each event, one after the other. It must return at once: what takes time goes into the
 * subscriber's own queue.
 */
export type EventSubscriber = (event: RegistryEvent) => void;

/** Tells events to all subscribers, in the order of their subscription. Events from before a subscription are not told. */
export interface EventBus {
  /** Whether anybody wants to hear of pulls: without, there is no need to make events of them. */
  readonly arePullsHeard: boolean;
  /** Never throws and never waits; a subscriber that throws is logged and the others still hear. */
  publish(event: RegistryEvent): void;
  /**
   * @param options.pulls whether pulls are wanted; other subscribers may bring them all the same.
   * @returns a function that ends the subscription; calling it again does nothing.
   */
  subscribe(subscriber: EventSubscriber, options?: { readonly pulls?: boolean }): () => void;
}

export function createEventBus({ log }: { readonly log: Logger }): EventBus {
  // Replaced, never changed, so that a subscription made or ended during an event leaves that event alone.
  let subscriptions: readonly { readonly subscriber: EventSubscriber; readonly pulls: boolean }[] =
    [];
  return {
    get arePullsHeard() {
      return subscriptions.some(({ pulls }) => pulls);
    },
    publish(event) {
      for (const { subscriber } of subscriptions) {
        try {
          subscriber(event);
        } catch (error) {
          log.error("a subscriber failed on an event", { "event.id": event.id, err: error });
        }
      }
    },
    subscribe(subscriber, { pulls = true } = {}) {
      const added = { subscriber, pulls };
      subscriptions = [...subscriptions, added];
      return () => {
        subscriptions = subscriptions.filter((subscription) => subscription !== added);
      };
    },
  };
}
