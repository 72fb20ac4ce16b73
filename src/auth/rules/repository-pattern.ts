/**
 * Patterns of repository names: `*` stands for any characters but `/`, `**` for any characters; both may stand
 * for none. `team/**` does not match `team`. `src/oci/repository-pattern.ts` says which make sense.
 *
 * Nothing here is a regular expression: a pattern is followed in all its ways at once, so a match takes at
 * most as many steps as pattern and name have characters, multiplied.
 */

/** Whether the name is one of those that the pattern stands for. */
export function matchesRepository(pattern: string, name: string): boolean {
  if (pattern === EVERY_REPOSITORY) return true;
  const wildcard = pattern.indexOf("*");
  if (wildcard === -1) return pattern === name;
  if (!name.startsWith(pattern.slice(0, wildcard))) return false;
  // What most patterns look like: `team/**`.
  if (wildcard === pattern.length - 2 && pattern.endsWith("**")) return true;
  return follow(tokensOf(pattern.slice(wildcard)), name.slice(wildcard));
}

/** Whether a name that begins with the folder, which ends with a slash, might match; `true` when in doubt. */
export function reachesBelow(pattern: string, folder: string): boolean {
  const tokens = tokensOf(pattern);
  const isReached = reachedBy(tokens, folder);
  return isReached.subarray(0, tokens.length).includes(1);
}

/** The pattern that every repository matches. */
export const EVERY_REPOSITORY = "**";

/** One character, or a wildcard. */
type Token = string;

function tokensOf(pattern: string): readonly Token[] {
  return pattern.match(/\*\*|[^]/g) ?? [];
}

function follow(tokens: readonly Token[], name: string): boolean {
  return reachedBy(tokens, name)[tokens.length] === 1;
}

/** In the result, place n is 1 when the text may be matched by the first n tokens. */
function reachedBy(tokens: readonly Token[], text: string): Uint8Array {
  const isReached = new Uint8Array(tokens.length + 1);
  isReached[0] = 1;
  skipWildcards(isReached, tokens);
  for (const character of text) {
    step(isReached, tokens, character);
    skipWildcards(isReached, tokens);
  }
  return isReached;
}

/** From behind, so that no place is overwritten before the one after it was worked out. */
function step(isReached: Uint8Array, tokens: readonly Token[], character: string): void {
  for (let place = tokens.length; place >= 0; place -= 1) {
    const came = place > 0 && isReached[place - 1] === 1 && tokens[place - 1] === character;
    const stayed = isReached[place] === 1 && absorbs(tokens[place], character);
    isReached[place] = came || stayed ? 1 : 0;
  }
}

/** A wildcard may stand for nothing. */
function skipWildcards(isReached: Uint8Array, tokens: readonly Token[]): void {
  for (const [place, token] of tokens.entries()) {
    if (isReached[place] === 1 && isWildcard(token)) isReached[place + 1] = 1;
  }
}

function absorbs(token: Token | undefined, character: string): boolean {
  return token === "**" || (token === "*" && character !== "/");
}

function isWildcard(token: Token): boolean {
  return token === "*" || token === "**";
}
