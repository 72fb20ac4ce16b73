/** Links that were there a moment ago, for stores where every look costs a round trip. */
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Clock } from "../lib/clock.ts";
import type { Digest } from "../oci/digest.ts";

/** How long another process's deletion may go unnoticed. */
export const RECENT_MS = 5_000;
const MAX_LINKS = 10_000;

interface Recent {
  readonly digest: Digest;
  readonly untilMs: number;
}

export class RecentLinks {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #links = new BoundedMap<string, Recent>(MAX_LINKS);
  /** Counts what was forgotten, so that a reading that was under way meanwhile is not kept. */
  #forgotten = 0;

  constructor({ clock }: { readonly clock: Pick<Clock, "monotonicMs"> }) {
    this.#clock = clock;
  }

  /** @returns what `read` said less than {@link RECENT_MS} ago, or says now. Absence is not kept. */
  async read(key: string, read: () => Promise<Digest | undefined>): Promise<Digest | undefined> {
    const askedMs = this.#clock.monotonicMs();
    const recent = this.#links.get(key);
    if (recent !== undefined && askedMs < recent.untilMs) return recent.digest;
    const forgotten = this.#forgotten;
    const digest = await read();
    if (digest !== undefined && forgotten === this.#forgotten) {
      this.#links.set(key, { digest, untilMs: askedMs + RECENT_MS });
    }
    return digest;
  }

  /** To be called when the link has gone. */
  forget(key: string): void {
    this.#forgotten += 1;
    this.#links.delete(key);
  }
}
