import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { errnoOf } from "./failures.ts";

/** Which process it is, also after its number was given to another one. */
export interface ProcessIdentity {
  /** Where the number means something: a hash of the boot and the namespaces. 16 hexadecimal digits. */
  readonly place: string;
  readonly processId: number;
  /** When the process began, in clock ticks since the boot. */
  readonly startTicks: string;
}

const TEXT = /^([0-9a-f]{16})\.([1-9]\d*)\.(\d+)$/;
/** Of the fields of `/proc/<id>/stat` that stand behind the name of the program. */
const START_TICKS_FIELD = 19;

/** The form that {@link parseIdentity} reads, of letters, digits and dots. */
export function formatIdentity({ place, processId, startTicks }: ProcessIdentity): string {
  return `${place}.${processId}.${startTicks}`;
}

/** @returns `undefined` when the text is no identity. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [, place, processId, startTicks] = TEXT.exec(text) ?? [];
  if (place === undefined || processId === undefined || startTicks === undefined) return undefined;
  return { place, processId: Number(processId), startTicks };
}

/** @returns `undefined` where the system does not tell: without `/proc`, or with that of others. */
export async function ownIdentity(): Promise<ProcessIdentity | undefined> {
  try {
    const [boot, processes, clock, stat] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "latin1"),
      readlink("/proc/self/ns/pid"),
      readlink("/proc/self/ns/time").catch(() => "the only one"), // old kernels have one clock
      readFile("/proc/self/stat", "latin1"),
    ]);
    const startTicks = startTicksIn(stat);
    if (startTicks === undefined || !stat.startsWith(`${process.pid} `)) return undefined;
    const place = createHash("sha256").update(`${boot}\n${processes}\n${clock}`).digest("hex");
    return { place: place.slice(0, 16), processId: process.pid, startTicks };
  } catch {
    return undefined;
  }
}

/** @returns whether the process is known to have ended; `false` whenever that cannot be told. */
export async function isGone(
  { place, processId, startTicks }: ProcessIdentity,
  own: ProcessIdentity | undefined,
): Promise<boolean> {
  if (place !== own?.place) return false;
  if (!hasProcess(processId)) return true;
  const stat = await readFile(`/proc/${processId}/stat`, "latin1").catch(() => "");
  const present = startTicksIn(stat);
  return present !== undefined && present !== startTicks;
}

/** Asks the kernel, for `/proc` may hide the processes of other users. */
function hasProcess(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

/** The name of the program stands in brackets and may hold brackets and blanks itself. */
function startTicksIn(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields[START_TICKS_FIELD];
  return ticks !== undefined && /^\d+$/.test(ticks) ? ticks : undefined;
}
