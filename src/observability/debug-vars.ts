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
  readonly memory: MemoryFigures;
  readonly endpoints: readonly EndpointFigures[];
}

/** Sizes of {@link NodeJS.MemoryUsage}, in bytes. */
export type MemoryFigures = Pick<
  NodeJS.MemoryUsage,
  "heapUsed" | "heapTotal" | "rss" | "external" | "arrayBuffers"
>;

/** What several processes use together. */
export function sumMemory(all: readonly MemoryFigures[]): MemoryFigures {
  const sum = (figure: (one: MemoryFigures) => number): number =>
    all.reduce((total, one) => total + figure(one), 0);
  return {
    heapUsed: sum(({ heapUsed }) => heapUsed),
    heapTotal: sum(({ heapTotal }) => heapTotal),
    rss: sum(({ rss }) => rss),
    external: sum(({ external }) => external),
    arrayBuffers: sum(({ arrayBuffers }) => arrayBuffers),
  };
}

/** Each endpoint once, with what several processes have sent to it. */
export function sumEndpoints(
  all: readonly (readonly EndpointFigures[])[],
): readonly EndpointFigures[] {
  const [first = [], ...others] = all;
  return others.reduce(
    (sums, figures) => sums.map((sum, index) => addEndpoint(sum, figures[index])),
    first,
  );
}

/** The order is the config's, which all of them have. */
function addEndpoint(one: EndpointFigures, other: EndpointFigures | undefined): EndpointFigures {
  if (other === undefined) return one;
  const statuses = Object.keys({ ...one.statuses, ...other.statuses }).map(
    (status) => [status, (one.statuses[status] ?? 0) + (other.statuses[status] ?? 0)] as const,
  );
  const outcomes = (outcome: keyof EndpointFigures["outcomes"]): number =>
    one.outcomes[outcome] + other.outcomes[outcome];
  return {
    name: one.name,
    url: one.url,
    pending: one.pending + other.pending,
    outcomes: {
      Events: outcomes("Events"),
      Successes: outcomes("Successes"),
      Failures: outcomes("Failures"),
      Errors: outcomes("Errors"),
      Dropped: outcomes("Dropped"),
    },
    statuses: Object.fromEntries(statuses),
  };
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
