/** A lease as it was seen: the token tells the taking, the beat changes whenever its worker shows life. */
export interface SeenLease {
  readonly token: string;
  readonly beat: number;
}

interface Watched {
  readonly beat: number;
  readonly stillMs: number;
}

/**
 * Finds the leases whose workers are gone, by watching: no time that somebody else wrote down is
 * believed. A lease has run out when its beat stood still for `leaseMs` of this process's own
 * monotonic time.
 *
 * Between two looks at most half of that is counted. So a process that was stopped together with the
 * workers (a frozen container) gives them half a lease to show life before it takes their jobs.
 */
export class LeaseWatch {
  readonly #leaseMs: number;
  #watched: ReadonlyMap<string, Watched> = new Map();
  #lookedAtMs: number | undefined;

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /**
   * @param leases all that there are now; others are forgotten.
   * @param nowMs monotonic.
   * @returns those that have run out.
   */
  look(leases: readonly SeenLease[], nowMs: number): readonly SeenLease[] {
    const passedMs = Math.min(nowMs - (this.#lookedAtMs ?? nowMs), this.#leaseMs / 2);
    this.#lookedAtMs = nowMs;
    const watched = new Map<string, Watched>();
    for (const { token, beat } of leases) {
      const before = this.#watched.get(token);
      const stillMs = before?.beat === beat ? before.stillMs + passedMs : 0;
      watched.set(token, { beat, stillMs });
    }
    this.#watched = watched;
    return leases.filter(({ token }) => (watched.get(token)?.stillMs ?? 0) >= this.#leaseMs);
  }
}
