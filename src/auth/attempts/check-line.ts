import { TooManyAttempts } from "../errors.ts";

const MAX_RUNNING = 4;
const MAX_WAITING = 60;
const BUSY_RETRY_SECONDS = 1;

/** The checks of one client: few run at a time, and a bounded number waits. */
export class CheckLine {
  /** Running and waiting, and those that were just told to ask again. */
  #present = 0;
  #running = 0;
  /** Each asks again whether it may run, in the order in which they came. */
  readonly #waiting = new Set<() => void>();

  get isEmpty(): boolean {
    return this.#present === 0;
  }

  /**
   * Dispose what comes back when the check is over.
   * @param most how many may run at this moment; asked again after each check. What it throws is thrown on.
   * @throws {TooManyAttempts} when too many wait.
   */
  async take(most: () => number): Promise<Disposable> {
    this.#present += 1;
    try {
      await this.#turn(most);
    } catch (error) {
      this.#present -= 1;
      throw error;
    }
    return { [Symbol.dispose]: () => this.#pass() };
  }

  async #turn(most: () => number): Promise<void> {
    while (this.#running >= Math.min(MAX_RUNNING, most())) {
      if (this.#waiting.size >= MAX_WAITING) throw new TooManyAttempts(BUSY_RETRY_SECONDS);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    // Before anything is awaited, or another would not see it.
    this.#running += 1;
  }

  #pass(): void {
    this.#running -= 1;
    this.#present -= 1;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const ask of waiting) ask();
  }
}
