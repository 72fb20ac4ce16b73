import type { SQLOutputValue } from "node:sqlite";

/** As node:sqlite gives it. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A row that is not as this program writes it: the file is damaged. */
export class UnreadableRow extends Error {
  readonly kind = "UnreadableRow";
}

/** @throws {UnreadableRow} also when there is no row. */
export function integerOf(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== "number") throw new UnreadableRow(`column ${column} is no number`);
  return value;
}

/** @throws {UnreadableRow} */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new UnreadableRow(`column ${column} is no text`);
  return value;
}

/** @returns `undefined` for NULL and for what is no text. */
export function optionalTextOf(row: Row, column: string): string | undefined {
  const value = row[column];
  return typeof value === "string" ? value : undefined;
}

/** JSON that is told to people or parsed by somebody else: `undefined` where there is none, or none that can be read. */
export function jsonOf(row: Row, column: string): unknown {
  const text = optionalTextOf(row, column);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
