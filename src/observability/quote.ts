/** Writing foreign text into a line so that it can neither end the line nor steer a terminal. */

// Control, format (bidirectional overrides among them), unassigned and lone surrogate characters; line and paragraph separators.
const UNSAFE = /["\\]|[\p{C}\p{Zl}\p{Zp}]/gu;
const UNSAFE_IN_JSON = /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** The text in double quotes on one line: `\n`, `\"`, `\x1b`, `\u2028`, `\U000e0001`. */
export function quote(text: string): string {
  return `"${escapeUnsafe(text)}"`;
}

/** {@link quote} without the quotes. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT.get(character) ?? escapeCodePoint(character));
}

/** Escapes, inside text that is JSON already, what JSON lets through but a terminal would act on. The JSON means the same. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, (character) => `\\u${hex(character.charCodeAt(0), 4)}`);
}

function escapeCodePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
