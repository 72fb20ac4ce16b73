/** What the handlers of all routes share. */
import type { Access } from "../auth/access.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { StoredBlob } from "../content/presence.ts";
import type { EventBus } from "../events/bus.ts";
import type { Answer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import { Unsupported } from "./errors.ts";
import type { FoundThisTurn } from "./found-this-turn.ts";
import type { ManifestAnswers } from "./manifest-answers.ts";

export interface HandlerDeps {
  readonly access: Access;
  readonly content: ContentStore;
  readonly events: EventBus;
  readonly manifestAnswers: ManifestAnswers;
  /** By repository and digest. */
  readonly foundBlobs: FoundThisTurn<StoredBlob | undefined>;
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
