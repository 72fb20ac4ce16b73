/** What a server costs: it, its children and all their threads. Linux only. */
import { readFile, writeFile } from "node:fs/promises";

/** The unit of `/proc/PID/stat` on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

/** CPU seconds since the start of a process, of its living children and of the dead ones it waited for. */
export async function cpuSecondsOf(processId: number): Promise<number> {
  const all = await Promise.all((await processTree(processId)).map(cpuTicks));
  return all.reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** The most memory since the start or since {@link resetPeakRss}, of a process and its children. */
export async function peakRssOf(processId: number): Promise<number> {
  const all = await Promise.all((await processTree(processId)).map((id) => memory(id, "VmHWM")));
  return all.reduce((sum, bytes) => sum + bytes, 0);
}

/** The memory that a process and its children use now. */
export async function rssOf(processId: number): Promise<number> {
  const all = await Promise.all((await processTree(processId)).map((id) => memory(id, "VmRSS")));
  return all.reduce((sum, bytes) => sum + bytes, 0);
}

export async function resetPeakRss(processId: number): Promise<void> {
  for (const id of await processTree(processId)) await writeFile(`/proc/${id}/clear_refs`, "5");
}

async function processTree(processId: number): Promise<readonly number[]> {
  const path = `/proc/${processId}/task/${processId}/children`;
  const text = await readFile(path, "utf8").catch(() => "");
  const children = text.trim().split(/\s+/).filter(Boolean).map(Number);
  const below = await Promise.all(children.map(processTree));
  return [processId, ...below.flat()];
}

/** The name of a program may hold spaces and parentheses; the figures come after the last one. */
async function cpuTicks(processId: number): Promise<number> {
  const text = await readFile(`/proc/${processId}/stat`, "utf8").catch(() => "");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system, deadUser, deadSystem] = fields.slice(11, 15).map(Number);
  return (user ?? 0) + (system ?? 0) + (deadUser ?? 0) + (deadSystem ?? 0);
}

async function memory(processId: number, name: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, "utf8").catch(() => "");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * KIB;
}
