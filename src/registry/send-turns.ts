/**
 * How much is sent before everything else gets its turn. However many answers are being sent, a new
 * connection or a small request waits for a few of their turns only, not for one of each.
 */
export class SendTurns {
  readonly #perRound: number;
  readonly #waiting: (() => void)[] = [];
  #left: number;
  #isRoundUnderWay = false;

  /** @param perRound turns between two looks of the event loop at the network. */
  constructor(perRound: number) {
    this.#perRound = perRound;
    this.#left = perRound;
  }

  /** Who asked first comes first. @returns `undefined` when the turn has come already. */
  take(): Promise<void> | undefined {
    this.#startRound();
    if (this.#left > 0) {
      this.#left -= 1;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  #startRound(): void {
    if (this.#isRoundUnderWay) return;
    this.#isRoundUnderWay = true;
    setImmediate(() => this.#endRound());
  }

  #endRound(): void {
    this.#isRoundUnderWay = false;
    const next = this.#waiting.splice(0, this.#perRound);
    this.#left = this.#perRound - next.length;
    if (next.length > 0) this.#startRound();
    for (const go of next) go();
  }
}
