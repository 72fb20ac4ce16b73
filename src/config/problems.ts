/** Turns what zod says into sentences for people. */
import type { z } from "zod";
import type { ConfigProblem } from "./config-invalid.ts";
import { suggestion } from "./nearest.ts";

/** `["endpoints", 0, "url"]` becomes `endpoints[0].url`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? String(step) : `.${String(step)}`;
  }
  return text;
}

export function toProblem(issue: z.core.$ZodIssue): ConfigProblem {
  return { path: formatPath(issue.path), message: issue.message };
}

/** The sentence for an issue that the schema itself has no sentence for. Shows no value but choices. */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return "is missing";
  if (issue.code === "invalid_type") {
    return `must be ${noun(issue.expected)}, but is ${describeKind(issue.input)}`;
  }
  if (issue.code === "invalid_value") return describeChoice(issue.values.map(String), issue.input);
  if (issue.code === "too_small") return `must be at least ${String(issue.minimum)}`;
  if (issue.code === "too_big") return `must be at most ${String(issue.maximum)}`;
  return "cannot be understood";
}

function describeChoice(choices: readonly string[], input: unknown): string {
  const listed = choices.filter((choice) => choice !== "").join(", ");
  const meant = typeof input === "string" ? suggestion(input, choices) : "";
  return `must be one of ${listed}${meant}`;
}

const NOUNS: ReadonlyMap<string, string> = new Map([
  ["string", "text"],
  ["boolean", "true or false (without quotes)"],
  ["int", "a whole number"],
  ["number", "a whole number"],
  ["array", "a list"],
  ["object", "a map"],
  ["record", "a map"],
]);

function noun(expected: string): string {
  return NOUNS.get(expected) ?? expected;
}

function describeKind(input: unknown): string {
  if (Array.isArray(input)) return "a list";
  if (typeof input === "boolean" || typeof input === "number") return String(input);
  return typeof input === "string" ? "text" : "a map";
}
