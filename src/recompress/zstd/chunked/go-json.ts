/** JSON as Go's encoding/json writes it, where that differs from JavaScript's. */

/** Go keeps these out of HTML and of JavaScript sources. */
const ESCAPED = /[<>&\u2028\u2029]/g;

/** @returns the text in quotes. */
export function goQuoted(text: string): string {
  return JSON.stringify(text).replace(ESCAPED, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A member of an object, or nothing when the value is one that `omitempty` leaves out. */
export function goMember(name: string, value: number | string): string {
  if (value === 0 || value === "") return "";
  return `,"${name}":${typeof value === "number" ? value : goQuoted(value)}`;
}

/** @returns whether Go would take the bytes for text. */
export function isUtf8(bytes: Buffer): boolean {
  return bytes.equals(Buffer.from(bytes.toString("utf8"), "utf8"));
}
