import { quote } from "./quote.ts";

const PLAIN = /^[A-Za-z0-9\-._/@^+]+$/;
const LEADING = ["time", "level", "msg"];

/**
 * One line of `key=value` pairs, as operators' scripts know it: time, level and msg first, the other
 * keys in order of name, values in quotes only where they need them. Always one line, with its newline.
 */
export function formatText(record: Readonly<Record<string, unknown>>): string {
  const others = Object.keys(record)
    .filter((key) => !LEADING.includes(key))
    .toSorted();
  const pairs = [...LEADING, ...others].map(
    (key) => `${cleanKey(key)}=${formatValue(record[key])}`,
  );
  return `${pairs.join(" ")}\n`;
}

function formatValue(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return PLAIN.test(text) ? text : quote(text);
}

function cleanKey(key: string): string {
  return key.replaceAll(/[^\w.\-@/]/g, "_");
}
