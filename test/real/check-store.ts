/** Lets `barge check` judge a data directory. */
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBarge } from "../fixtures/barge.ts";

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
  const storage = { filesystem: { rootdirectory: rootDirectory } };
  const http = { addr: "127.0.0.1:0" };
  await writeFile(config, JSON.stringify({ version: 0.1, storage, http }));
  const report = await runBarge("check", "--config", config, "--format", "json");
  return JSON.parse(report) as CheckReport;
}
