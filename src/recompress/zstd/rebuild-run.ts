import type { EngineMemory } from "../engine-memory.ts";
import { RecipeError } from "../recipe-error.ts";
import { FinderRun } from "./finder-run.ts";
import type { ZstdEngine } from "./zstd-engines.ts";
import type { ZstdHead } from "./zstd-head.ts";
import type { TarRestart } from "./zstd-restarts.ts";

function engineOf(head: ZstdHead, engines: readonly ZstdEngine[]): ZstdEngine {
  const engine = engines.find(({ id }) => id === head.engine);
  if (engine === undefined) throw new RecipeError(`the recipe names engine ${head.engine}`);
  return engine;
}

/**
 * @param options.restart where the rebuild begins, unless at the stream's start
 * @returns the run with which a rebuild finds sequences again
 * @throws {RecipeError} when the recipe names an engine that is not there.
 */
export function createRun(
  engines: readonly ZstdEngine[],
  head: ZstdHead,
  { restart, memory }: { readonly restart: TarRestart | undefined; readonly memory: EngineMemory },
): FinderRun {
  const { windowBytes, jobs } = head;
  const engine = engineOf(head, engines);
  if (restart === undefined) return new FinderRun(engine, { windowBytes, memory });
  const isInJobs = jobs !== undefined && restart.plainAt > jobs.from;
  return new FinderRun(engine, {
    windowBytes: Math.max(windowBytes, restart.windowBytes),
    jobBytes: isInJobs ? jobs.jobBytes : undefined,
    plainAt: restart.plainFrom,
    memory,
  });
}
