import { statfs } from "node:fs/promises";

/** Whether there is room on the disks that are written to. */
export class DiskRoom {
  readonly #directories: readonly string[];
  readonly #floorBytes: number;

  /** @param floorBytes what is to stay free on each disk. */
  constructor(directories: readonly string[], floorBytes: number) {
    this.#directories = directories;
    this.#floorBytes = floorBytes;
  }

  /** Whether so much more leaves free what is to stay free, at this moment. */
  async hasFor(sizeBytes: number): Promise<boolean> {
    const free = await Promise.all(this.#directories.map(freeBytes));
    return free.every((bytes) => bytes - sizeBytes >= this.#floorBytes);
  }
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
