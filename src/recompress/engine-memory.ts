import type { PlainWindow } from "../../plain-window.ts";
import type { CompiledSpeed } from "./compiled-speeds.ts";
import { CompiledWindow } from "./compiled-window.ts";

/**
 * Windows of compiled engines that nobody uses any more, kept for their memory.
 *
 * The memory of a WebAssembly instance is given back only by the garbage collector, in its own time: trying one
 * engine after the other would take the memory of all.
 */
export class SpentWindows {
  #windows: CompiledWindow[] = [];

  /** @param window not to be used any more, nor its finders */
  add(window: PlainWindow): void {
    if (window instanceof CompiledWindow) this.#windows.push(window);
  }

  clear(): void {
    this.#windows = [];
  }

  /** @returns a window in the memory of one of these; `undefined` when none has room enough. */
  handOver(speed: CompiledSpeed, capacity: number): CompiledWindow | undefined {
    const spent = this.#windows.find((window) => window.canHandOver(speed, capacity));
    this.#windows = this.#windows.filter((window) => window !== spent);
    return spent?.handOver(speed, capacity);
  }
}
