/**
 * Loads compiled modules. They import nothing, so they can reach nothing but their own memory.
 */
import { withPages } from "./wasm-pages.ts";

/** What this code needs of `WebAssembly`, which Node's types leave out. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: Readonly<Record<string, unknown>>;
  };
}

/** An exported function; the modules take and return 32-bit integers. */
export type WasmFunction = (...numbers: readonly number[]) => number;

/** An instance of a module, with a memory of its own. */
export class WasmInstance {
  readonly #exports: Readonly<Record<string, unknown>>;

  constructor(exports: Readonly<Record<string, unknown>>) {
    this.#exports = exports;
  }

  /** As large as it was made: no module grows it. */
  get memory(): ArrayBuffer {
    return memoryOf(this.#exports["memory"]);
  }

  /** @throws {TypeError} when the module exports no such function. */
  run(name: string): WasmFunction {
    const value = this.#exports[name];
    if (!isFunction(value)) throw new TypeError(`the module has no function ${name}`);
    return value;
  }

  /** An exported constant. @throws {TypeError} when there is none of the name. */
  constant(name: string): number {
    const value = valueOf(this.#exports[name]);
    if (typeof value !== "number") throw new TypeError(`the module has no constant ${name}`);
    return value;
  }
}

/**
 * @param base64 a module
 * @param pages of 64 KiB, with which its memory begins; by default as many as the module asks for
 * @returns an instance; `undefined` where WebAssembly is switched off, or there is no room for a memory.
 */
export function instantiate(base64: string, pages?: number): WasmInstance | undefined {
  const api: unknown = Reflect.get(globalThis, "WebAssembly");
  if (!isWebAssembly(api)) return undefined;
  const bytes = Buffer.from(base64, "base64");
  // The engine shares the code of modules with the same bytes.
  const module = new api.Module(pages === undefined ? bytes : withPages(bytes, pages));
  try {
    return new WasmInstance(new api.Instance(module).exports);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isWebAssembly(value: unknown): value is WebAssemblyApi {
  return typeof value === "object" && value !== null && "Module" in value && "Instance" in value;
}

function isFunction(value: unknown): value is WasmFunction {
  return typeof value === "function";
}

function memoryOf(memory: unknown): ArrayBuffer {
  const buffer: unknown =
    typeof memory === "object" && memory !== null ? Reflect.get(memory, "buffer") : undefined;
  if (buffer instanceof ArrayBuffer) return buffer;
  throw new TypeError("the module has no memory");
}

function valueOf(global: unknown): unknown {
  return typeof global === "object" && global !== null ? Reflect.get(global, "value") : undefined;
}
