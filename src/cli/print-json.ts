import { escapeJson } from "../observability/quote.ts";
import type { Io } from "./io.ts";

/** Prints one document. What could steer a terminal is escaped: much of it comes from a server. */
export function printJson(document: unknown, { stdout }: Pick<Io, "stdout">): void {
  stdout(`${escapeJson(JSON.stringify(document, undefined, 2))}\n`);
}
