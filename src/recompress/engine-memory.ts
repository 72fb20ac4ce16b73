import type { PlainWindow } from "./plain-window.ts";
import type { CompiledSpeed } from "./zstd/finders/compiled-speeds.ts";
import { CompiledWindow } from "./zstd/finders/compiled-window.ts";

/**
 * Memory of compiled engines that have done their work, for those to come: tens of megabytes each.
 *
 * The memory of a WebAssembly instance is given back only by the garbage collector, in its own time: trying one
 * engine after the other would take the memory of all, and so would one stream after the other. Who works on
 * several has one for all of them; several streams at once may share it.
 */
export class EngineMemory {
  #windows: CompiledWindow[] = [];

  /** @param window not to be used any more, nor its finders */
  add(window: PlainWindow): void {
    if (window instanceof CompiledWindow) this.#windows.push(window);
  }

  /** Leaves to the garbage collector what is not in use. */
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
