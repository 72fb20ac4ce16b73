import { readFile, writeFile } from "node:fs/promises";

const SAMPLE_EVERY_MS = 50;
const KIB = 1024;

/** How much of a process lies in memory. */
export interface MemoryUse {
  /** The most that a sample saw. */
  readonly sampledBytes: number;
  /** The most that the kernel saw. */
  readonly peakBytes: number;
}

/** Watches the memory of another process from now on until it is stopped. Linux only. */
export class MemoryWatch {
  readonly #processId: number;
  readonly #timer: NodeJS.Timeout;
  #sampledBytes = 0;

  private constructor(processId: number) {
    this.#processId = processId;
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_EVERY_MS);
  }

  static async start(processId: number): Promise<MemoryWatch> {
    // Sets the kernel's own record of the peak back to what is in use now.
    await writeFile(`/proc/${processId}/clear_refs`, "5");
    return new MemoryWatch(processId);
  }

  async stop(): Promise<MemoryUse> {
    clearInterval(this.#timer);
    await this.#sample();
    return { sampledBytes: this.#sampledBytes, peakBytes: await this.#read("VmHWM") };
  }

  async #sample(): Promise<void> {
    this.#sampledBytes = Math.max(this.#sampledBytes, await this.#read("VmRSS"));
  }

  async #read(name: "VmRSS" | "VmHWM"): Promise<number> {
    const status = await readFile(`/proc/${this.#processId}/status`, "utf8").catch(() => "");
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * KIB;
  }
}

/** Processes that this one has started and that are alive. Linux only. */
export async function childProcesses(): Promise<readonly number[]> {
  const text = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}
