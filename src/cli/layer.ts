/** `barge layer inspect`: says who compressed a layer, and what it will cost to move and to keep. */
import type { Readable } from "node:stream";
import { asFault } from "../app/inspection-fault.ts";
import { bytesToRead, inspectLayers } from "../app/layer-inspection.ts";
import { printable } from "../client/printable.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { findLayers } from "../layouts/find-layers.ts";
import { LayoutError, type StoredLayer } from "../layouts/stored-layer.ts";
import { exitCodeOf, printFailure } from "./failure.ts";
import type { Io } from "./io.ts";
import { printDocument, printText } from "./layer-output.ts";
import { showProgress } from "./layer-progress.ts";
import { type Spool, spooled } from "./layer-spool.ts";
import { type FoundLayer, type Gate, holdsGate } from "./layer-verdict.ts";
import { Interrupted } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export interface InspectArguments extends Gate {
  /** Files, folders, or `-` for standard input. At least one. */
  readonly files: readonly string[];
  /** A file or folder with layers to compare each one with; not standard input. */
  readonly base: string | undefined;
  readonly threads: number;
  /** Whether each recipe is tried by rebuilding the layer. */
  readonly verify: boolean;
  readonly format: "text" | "json";
}

/** What there is around the command. */
export interface Surroundings {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Whether a person watches standard error: then progress is shown there. */
  readonly isTerminal: boolean;
  readonly clock: Clock;
  /** Calls back when the command is to end; dispose what comes back to hear no more. */
  readonly onInterrupt: (interrupt: () => void) => Disposable;
}

const STDIN = "-";
const EXIT_GATE = 5;

/**
 * What cannot be read is told, and does not keep the others from being inspected.
 *
 * @returns 0; 5 when a layer is not as it is asked for; by the first failure when there was one.
 * @throws {LayoutError} {UsageError} {Interrupted} {InspectionFault} {Error} of the file system
 */
export async function runInspect(
  args: InspectArguments,
  io: Io,
  surroundings: Surroundings = processSurroundings(),
): Promise<number> {
  try {
    return await inspect(args, io, surroundings);
  } catch (error) {
    throw asFault(error, "barge layer inspect");
  }
}

async function inspect(
  args: InspectArguments,
  io: Io,
  surroundings: Surroundings,
): Promise<number> {
  const stop = new AbortController();
  using _interrupt = surroundings.onInterrupt(() => stop.abort(new Interrupted()));
  const { signal } = stop;
  const bases = args.base === undefined ? [] : await basesOf(args.base);
  const isPiped = args.files.includes(STDIN);
  await using spool = isPiped ? await spooled(surroundings.stdin, signal) : undefined;
  const { layers, failures } = await layersOf(args.files, spool, io);
  const found = await inspected(layers, { args, bases, io, signal, surroundings });
  if (args.format === "text") printText(found, io);
  else if (found.length > 0 || failures.length === 0)
    printDocument(found, io, { hasBase: bases.length > 0 });
  if (failures.length > 0) return exitCodeOf(failures[0]);
  return holdsGate(found, args) ? 0 : EXIT_GATE;
}

function processSurroundings(): Surroundings {
  const { stdin, stderr } = process;
  return {
    stdin,
    isTerminal: stderr.isTTY,
    clock: systemClock,
    onInterrupt: (interrupt) => {
      for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, interrupt);
      const forget = (): void => {
        for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, interrupt);
      };
      return { [Symbol.dispose]: forget };
    },
  };
}

interface Sought {
  readonly layers: readonly StoredLayer[];
  /** Of files that are not there, or hold nothing that can be read. They have been told. */
  readonly failures: readonly unknown[];
}

async function layersOf(
  files: readonly string[],
  spool: Spool | undefined,
  io: Io,
): Promise<Sought> {
  const layers: StoredLayer[] = [];
  const failures: unknown[] = [];
  for (const file of files) {
    try {
      const path = file === STDIN && spool !== undefined ? spool.path : file;
      const found = await findLayers(path, file);
      if (found.length === 0) io.stderr(`barge: ${printable(file)}: an image without layers\n`);
      layers.push(...found);
    } catch (error) {
      const failure = asFault(error, file);
      printFailure(failure, io);
      failures.push(failure);
    }
  }
  return { layers, failures };
}

/** @throws {LayoutError} {UsageError} {Error} of the file system, when there is nothing to compare with. */
async function basesOf(file: string): Promise<readonly StoredLayer[]> {
  if (file === STDIN) throw new UsageError("--base is a file or a folder, not standard input");
  const layers = await findLayers(file);
  if (layers.length === 0) throw new LayoutError(`${file}: an image without layers`);
  return layers;
}

interface Inspection {
  readonly args: InspectArguments;
  readonly bases: readonly StoredLayer[];
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly surroundings: Surroundings;
}

async function inspected(
  layers: readonly StoredLayer[],
  { args, bases, io, signal, surroundings }: Inspection,
): Promise<readonly FoundLayer[]> {
  const { threads, verify } = args;
  const totalBytes = bytesToRead(layers, { verify, bases });
  const { isTerminal, clock } = surroundings;
  using progress = showProgress(isTerminal ? io.stderr : undefined, { totalBytes, clock });
  const { onProgress } = progress;
  const reports = await inspectLayers(layers, { threads, verify, bases, signal, onProgress });
  return layers.flatMap((layer, index) => {
    const report = reports[index];
    return report === undefined ? [] : { layer, report };
  });
}
