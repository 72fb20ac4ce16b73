/**
 * Counts what tokens teach of their encoder. Literals teach nothing, nor does a match that is just like the
 * one before: every encoder finds those in zeros and in a pattern that goes on.
 */
export class LessonCount {
  count = 0;
  #last = 0;

  clear(): void {
    this.count = 0;
    this.#last = 0;
  }

  /** @returns whether there is a match among the tokens. */
  take(tokens: Uint32Array): boolean {
    let last = this.#last;
    let count = 0;
    let hasMatches = false;
    for (let index = 0; index < tokens.length; index++) {
      const token = tokens[index] ?? 0;
      if (token < 256) continue;
      hasMatches = true;
      if (token !== last) count++;
      last = token;
    }
    this.#last = last;
    this.count += count;
    return hasMatches;
  }
}
