import { parseArgs } from "node:util";

/** What the bench is asked to do. */
export interface BenchArguments {
  /** Names of rows or of their groups. Empty: every row. */
  readonly only: readonly string[];
  /** Names of systems. Empty: every system that is installed. */
  readonly systems: readonly string[];
  readonly format: "table" | "json";
  /** Runs of each system and row, from 1 to 100. */
  readonly runs: number;
  /** Leaves the data for the next time. */
  readonly keep: boolean;
}

/** Something in the command line cannot be understood. */
export class BadArguments extends Error {
  readonly kind = "BadArguments";
}

const MAX_RUNS = 100;

/** @throws {BadArguments} for an unknown option, row, system, format or number of runs. */
export function parseBenchArguments(
  args: readonly string[],
  known: { readonly rows: readonly string[]; readonly systems: readonly string[] },
): BenchArguments {
  const { only, system, format, runs, keep } = readOptions(args);
  checkNames("row", only, known.rows);
  checkNames("system", system, known.systems);
  if (format !== "table" && format !== "json") {
    throw new BadArguments(`--format must be table or json, not '${format}'`);
  }
  const count = /^\d{1,3}$/.test(runs) ? Number(runs) : 0;
  if (count < 1 || count > MAX_RUNS) {
    throw new BadArguments(`--runs must be a whole number from 1 to ${MAX_RUNS}, not '${runs}'`);
  }
  return { only, systems: system, format, runs: count, keep };
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: "string", multiple: true, default: [] },
        system: { type: "string", multiple: true, default: [] },
        format: { type: "string", default: "table" },
        runs: { type: "string", default: "5" },
        keep: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error));
  }
}

function checkNames(what: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new BadArguments(`there is no ${what} '${unknown}'; there are ${known.join(", ")}`);
}
