/** What the lists of verbs share: how one is declared, and how its flags are read. */
import { type Command, Option } from "commander";
import type { Io } from "./io.ts";

/** Loads a verb and runs it. @returns the exit code */
export type Run = (args: readonly string[], options: Flags, io: Io) => Promise<number>;

/** What commander hands over: only the flags that a verb declares are there. */
export type Flags = Readonly<Record<string, unknown>>;

/** Says what a command does when it is called. */
export type AddVerb = (command: Command, run: Run) => Command;

export function formatOption(): Option {
  return new Option("--format <format>", "how to print the result")
    .choices(["table", "json"])
    .default("table");
}

export function format(flags: Flags): "text" | "json" {
  return flags["format"] === "json" ? "json" : "text";
}

export function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Of a flag that may be given more than once. */
export function texts(flags: Flags, name: string): readonly string[] {
  const value: unknown = flags[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** For a flag that may be given more than once, one value each time. */
export function repeated(value: string, before: unknown): readonly string[] {
  return [...(Array.isArray(before) ? before : []), value];
}
