/**
 * `Range` of a blob. RFC 9110 section 14: https://www.rfc-editor.org/rfc/rfc9110#section-14
 */
export interface Range {
  readonly startBytes: number;
  readonly lengthBytes: number;
}

export type RangeChoice =
  | { readonly kind: "whole" }
  | { readonly kind: "parts"; readonly ranges: readonly Range[] }
  | { readonly kind: "unsatisfiable" };

/** More parts than a client could want; a header full of tiny overlapping ones is an attack (RFC 9110 section 17.15). */
const MAX_PARTS = 100;
const WHOLE: RangeChoice = { kind: "whole" };
const UNSATISFIABLE: RangeChoice = { kind: "unsatisfiable" };

/**
 * What to send for a `Range` header.
 *
 * A unit other than bytes is ignored, as the RFC asks; what breaks the grammar, or asks for nothing
 * that exists, is unsatisfiable, as in the reference registry. Ranges that add up to more than the
 * whole get the whole, and so does any range of nothing: some clients send one with every request.
 */
export function chooseRange(header: string | undefined, sizeBytes: number): RangeChoice {
  if (header === undefined || !/^bytes=/i.test(header)) return WHOLE;
  const specs = elementsOf(header.slice("bytes=".length));
  if (specs.length > MAX_PARTS) return WHOLE;
  const ranges: Range[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, sizeBytes);
    if (range === "malformed") return UNSATISFIABLE;
    if (range !== undefined) ranges.push(range);
  }
  return choiceAmong(ranges, sizeBytes);
}

function choiceAmong(ranges: readonly Range[], sizeBytes: number): RangeChoice {
  if (ranges.length === 0) return sizeBytes === 0 ? WHOLE : UNSATISFIABLE;
  return ranges.length > 1 && lengthOf(ranges) > sizeBytes ? WHOLE : { kind: "parts", ranges };
}

/** Section 5.6.1.2: empty elements of a list are skipped. */
function elementsOf(list: string): readonly string[] {
  const elements = list.split(",").map((text) => text.trim());
  return elements.filter((text) => text !== "");
}

function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
}

/** `undefined` for a range with nothing in it. */
function parseSpec(spec: string, sizeBytes: number): Range | "malformed" | undefined {
  const [first = "", last = "", ...more] = spec.split("-");
  if (more.length > 0 || !isPosition(first) || !isPosition(last) || spec === "-")
    return "malformed";
  if (!spec.includes("-")) return "malformed";
  if (first === "") return suffix(Number(last), sizeBytes);
  return between(Number(first), last === "" ? Infinity : Number(last), sizeBytes);
}

function isPosition(text: string): boolean {
  return /^[0-9]{0,18}$/.test(text);
}

function between(first: number, last: number, sizeBytes: number): Range | "malformed" | undefined {
  if (last < first) return "malformed";
  if (first >= sizeBytes) return undefined;
  return { startBytes: first, lengthBytes: Math.min(last + 1, sizeBytes) - first };
}

function suffix(lengthBytes: number, sizeBytes: number): Range | undefined {
  const length = Math.min(lengthBytes, sizeBytes);
  return length === 0 ? undefined : { startBytes: sizeBytes - length, lengthBytes: length };
}

/** `bytes 0-9/100`. */
export function formatContentRange({ startBytes, lengthBytes }: Range, sizeBytes: number): string {
  return `bytes ${startBytes}-${startBytes + lengthBytes - 1}/${sizeBytes}`;
}
