import type { ContentStore } from "../content/content-store.ts";
import type { EventBus } from "../events/bus.ts";

/** What others who work on the content of a registry need of it. */
export interface RegistryInside {
  readonly content: ContentStore;
  readonly events: EventBus;
}
