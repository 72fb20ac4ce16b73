/** What the handlers of all routes share. */
import type { ContentStore } from "../content/content-store.ts";
import type { EventBus } from "../events/bus.ts";
import type { Answer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import { Unsupported } from "./errors.ts";

export interface HandlerDeps {
  readonly content: ContentStore;
  readonly events: EventBus;
  readonly settings: HandlerSettings;
}

export interface HandlerSettings {
  readonly deleteEnabled: boolean;
  /** Whether blobs may be answered by a redirect to the store, where the store can. */
  readonly redirect: boolean;
  readonly maxCatalogEntries: number;
  readonly maxTags: number;
}

export type Handler = (exchange: Exchange, deps: HandlerDeps) => Promise<Answer> | Answer;

/** The one gate in front of every delete of content. @throws {Unsupported} when the config has deletes off. */
export function requireDeletes({ deleteEnabled }: HandlerSettings): void {
  if (!deleteEnabled) {
    throw new Unsupported("deletes are off: set storage.delete.enabled to true");
  }
}

/** Browsers must treat what anybody pushed as a download. */
export const UNTRUSTED_CONTENT = {
  "Content-Security-Policy": "sandbox; default-src 'none'",
  "Content-Disposition": "attachment",
} as const;
