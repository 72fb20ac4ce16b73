/** What a server says one must bring. Grammar: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PART = /[\s,]*([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*))?/y;

/** @param header all values of `WWW-Authenticate`, joined by commas. What cannot be read ends the list. */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  const part = new RegExp(PART);
  for (let match = part.exec(header ?? ""); match !== null; match = part.exec(header ?? "")) {
    const [, word = "", value] = match;
    if (value === undefined) found.push({ scheme: word.toLowerCase(), parameters: new Map() });
    else found.at(-1)?.parameters.set(word.toLowerCase(), unquoted(value));
  }
  return found;
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}
