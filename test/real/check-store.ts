/** Lets `barge check` judge a data directory. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "../fixtures/program.ts";

const BARGE = fileURLToPath(new URL("../../deploy/barge", import.meta.url));

/** What `barge check --format json` prints, as far as tests look at it. */
export interface CheckReport {
  readonly violations: readonly {
    readonly kind: string;
    readonly where: string;
    readonly detail: string;
  }[];
  readonly checked: Readonly<Record<string, number>>;
}

/**
 * Checks a data directory that nothing serves.
 * @throws {ProgramFailed} when the check finds a violation, with its report.
 */
export async function checkStore(rootDirectory: string): Promise<CheckReport> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "barge-check-"));
  const config = join(folder.path, "config.yml");
  const root = JSON.stringify(rootDirectory);
  await writeFile(config, `version: 0.1\nstorage: {filesystem: {rootdirectory: ${root}}}\n`);
  const report = await runProgram({
    command: [BARGE, "check", "--config", config, "--format", "json"],
    env: { HOME: folder.path, PATH: "/usr/local/bin:/usr/bin:/bin" },
  });
  return JSON.parse(report) as CheckReport;
}
