/**
 * Shows Barge beside its peers: `node test/bench/run.ts [--only ROW]... [--system NAME]... [--runs N]
 * [--format table|json] [--keep]`. README.md beside this file says what each row measures.
 */
import { cpus, release, totalmem } from "node:os";
import { BadArguments, type BenchArguments, parseBenchArguments } from "./arguments.ts";
import { Lab } from "./lab.ts";
import { measureRow } from "./measure.ts";
import { chooseRows, namesOf, ROWS } from "./rows.ts";
import { type System, SYSTEMS } from "./systems.ts";
import { formatJson, formatTable, type Result } from "./table.ts";

async function main(args: readonly string[]): Promise<number> {
  const systemNames = SYSTEMS.map(({ name }) => name);
  const parsed = parseBenchArguments(args, { rows: namesOf(ROWS), systems: systemNames });
  const systems = chooseSystems(parsed);
  const lab = new Lab();
  const results: Result[] = [];
  const signal = interruption();
  try {
    for (const row of chooseRows(ROWS, parsed.only)) {
      if (signal.aborted) break;
      const startedMs = performance.now();
      results.push(...(await measureRow(lab, row, { systems, runs: parsed.runs, signal })));
      const seconds = (performance.now() - startedMs) / 1000;
      process.stderr.write(`${row.name}: ${seconds.toFixed(0)} s\n`);
    }
    const isJson = parsed.format === "json";
    process.stdout.write(isJson ? formatJson(results) : `${machine()}\n\n${formatTable(results)}`);
  } finally {
    await lab.clear(parsed);
  }
  return signal.aborted ? 1 : 0;
}

/** Who interrupts the bench still wants it to tidy up. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort(new Error("interrupted")));
  }
  return controller.signal;
}

/** The limit is no peer: it has a row of its own and needs no choosing. */
function chooseSystems({ systems }: BenchArguments): readonly System[] {
  const wanted = SYSTEMS.filter(({ name, isOnlyByName = false, kind }) =>
    systems.length === 0 ? !isOnlyByName : systems.includes(name) || kind === "limit",
  );
  return wanted.filter((system) => {
    if (system.program() !== undefined) return true;
    process.stderr.write(`${system.name} is not installed and is left out\n`);
    return false;
  });
}

function machine(): string {
  const [first] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  const memory = (totalmem() / 1e9).toFixed(0);
  const cores = `${cpus().length} x ${first?.model.trim() ?? "unknown"}`;
  return `${date}; ${cores}; ${memory} GB; Linux ${release()}; Node ${process.version}`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BadArguments)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
