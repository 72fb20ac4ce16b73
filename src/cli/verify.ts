import type { ConfigProblem } from "../config/config-invalid.ts";
import { BUILT_IN, ConfigInvalid, formatProblems } from "../config/config-invalid.ts";
import { loadConfig } from "../config/load.ts";
import { locateConfig } from "../config/locate.ts";
import { checkConfigFiles } from "./config-files.ts";
import type { Io } from "./io.ts";
import { printJson } from "./print-json.ts";

export interface VerifyArguments {
  /** `undefined`: the file that `serve` would take. */
  readonly file: string | undefined;
  readonly format: "text" | "json";
}

/** What `--format json` prints. */
interface Verdict {
  /** `null` for the built-in defaults. */
  readonly file: string | null;
  readonly valid: boolean;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/**
 * `barge verify`: checks a configuration together with the environment and with the files that it names
 * for accounts and certificates, and changes nothing.
 * @returns 0 when it can be used, 2 when not.
 */
export async function run(args: VerifyArguments, io: Io): Promise<number> {
  const verdict = await judge(args.file, io);
  if (args.format === "json") printJson(verdict, io);
  else printText(verdict, io);
  return verdict.valid ? 0 : 2;
}

async function judge(argument: string | undefined, io: Io): Promise<Verdict> {
  const { environment } = io;
  const path = await locateConfig({ argument, environment });
  const file = path ?? null;
  try {
    const { config, notes, warnings } = await loadConfig({ path, environment });
    const found = await checkConfigFiles(config);
    const valid = found.problems.length === 0;
    const { problems } = found;
    return { file, valid, problems, warnings: [...warnings, ...found.warnings], notes };
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    return { file, valid: false, problems: error.problems, warnings: [], notes: [] };
  }
}

function printText(verdict: Verdict, io: Io): void {
  for (const warning of verdict.warnings) io.stderr(`warning: ${warning}\n`);
  if (verdict.valid) {
    io.stdout(`${verdict.file ?? BUILT_IN} is valid\n`);
    for (const note of verdict.notes) io.stdout(`note: ${note}\n`);
    return;
  }
  io.stderr(`${formatProblems(verdict.problems, verdict.file ?? undefined)}\n`);
}
