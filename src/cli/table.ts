import { printable } from "../client/printable.ts";

/** Columns for people, with a line of headings; cells hold no control characters. Ends with a newline. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const padded = lines.map((cells) =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "),
  );
  return padded.map((line) => `${line.trimEnd()}\n`).join("");
}
