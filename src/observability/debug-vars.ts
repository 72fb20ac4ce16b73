import { isSensitiveName, REDACTED, redactText } from "./redaction.ts";

/** An endpoint of notifications as the debug page shows it. Named apart from the events' own type, which this folder does not know. */
export interface EndpointFigures {
  readonly name: string;
  readonly url: string;
  readonly pending: number;
  readonly outcomes: Readonly<
    Record<"Events" | "Successes" | "Failures" | "Errors" | "Dropped", number>
  >;
  readonly statuses: Readonly<Record<string, number>>;
}

export interface DebugVarsInput {
  /** The words of the command line. */
  readonly commandLine: readonly string[];
  readonly memory: NodeJS.MemoryUsage;
  readonly endpoints: readonly EndpointFigures[];
}

/**
 * What `GET /debug/vars` answers, laid out as the reference registry does, for the tools that read it.
 * Sizes are in bytes; memory stands under the names of Go's runtime that come nearest.
 */
export function debugVars({ commandLine, memory, endpoints }: DebugVarsInput): object {
  return {
    cmdline: redactCommandLine(commandLine),
    memstats: {
      Alloc: memory.heapUsed,
      HeapAlloc: memory.heapUsed,
      HeapSys: memory.heapTotal,
      Sys: memory.rss,
      External: memory.external,
      ArrayBuffers: memory.arrayBuffers,
    },
    registry: { notifications: { endpoints: endpoints.map(toEndpoint) } },
  };
}

function toEndpoint({ name, url, pending, outcomes, statuses }: EndpointFigures): object {
  return {
    name,
    url: redactText(url),
    Metrics: { Pending: pending, ...outcomes, Statuses: statuses },
  };
}

/** Hides `--password=x` as well as `--password x`. */
function redactCommandLine(words: readonly string[]): readonly string[] {
  return words.map((word, index) => {
    const before = words[index - 1] ?? "";
    return before.startsWith("-") && isSensitiveName(before) ? REDACTED : redactText(word);
  });
}
