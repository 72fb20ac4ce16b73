/** Memory limits by cgroup v1, for root. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { setTimeout as wait } from "node:timers/promises";

const MEMORY = "/sys/fs/cgroup/memory";
const TRIES = 50;
const RETRY_MS = 100;

/** Why no memory limit can be set here, or `undefined`. */
export function whyNoCgroup(): string | undefined {
  if (getuid?.() !== 0) return "needs root";
  return existsSync(join(MEMORY, "memory.limit_in_bytes")) ? undefined : "needs cgroup v1";
}

/** @param resources removes it again, after those that run in it. @returns its folder. */
export async function openMemoryCgroup(
  resources: AsyncDisposableStack,
  name: string,
  limitBytes: number,
): Promise<string> {
  const folder = join(MEMORY, `barge-bench-${process.pid}-${name}`);
  await mkdir(folder);
  resources.defer(async () => removeCgroup(folder));
  await writeFile(join(folder, "memory.limit_in_bytes"), String(limitBytes));
  return folder;
}

/** How many processes the kernel has killed in it for want of memory. */
export async function killsIn(folder: string): Promise<number> {
  const text = await readFile(join(folder, "memory.oom_control"), "utf8");
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** A cgroup is busy for a moment after its last process has ended. */
async function removeCgroup(folder: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      await wait(RETRY_MS);
    }
  }
}
