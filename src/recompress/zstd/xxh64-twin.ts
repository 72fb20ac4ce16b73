import { instantiate, type WasmFunction, type WasmInstance } from "../wasm-instance.ts";
import { MODULE_BASE64 } from "./xxh64-engine-module.ts";
import { LANES, type StripeTaker } from "./xxh64-lanes.ts";

const LANE_BYTES = 8;

/** The lanes in WebAssembly, which has numbers of 64 bits: does exactly what its twin in TypeScript does. */
export class CompiledLanes implements StripeTaker {
  readonly #lanes: DataView;
  readonly #bytes: Uint8Array;
  readonly #take: WasmFunction;

  constructor(instance: WasmInstance) {
    const { memory } = instance;
    this.#lanes = new DataView(memory, instance.constant("LANES"), LANES * LANE_BYTES);
    this.#bytes = new Uint8Array(
      memory,
      instance.constant("BYTES"),
      instance.constant("BYTES_SIZE"),
    );
    this.#take = instance.run("take");
  }

  get values(): readonly bigint[] {
    return Array.from({ length: LANES }, (_, lane) =>
      this.#lanes.getBigUint64(LANE_BYTES * lane, true),
    );
  }

  set(values: readonly bigint[]): void {
    for (const [lane, value] of values.entries()) {
      this.#lanes.setBigUint64(LANE_BYTES * lane, value, true);
    }
  }

  take(stripes: Uint8Array): void {
    for (let at = 0; at < stripes.length; at += this.#bytes.length) {
      const piece = stripes.subarray(at, at + this.#bytes.length);
      this.#bytes.set(piece);
      this.#take(piece.length);
    }
  }
}

/** @returns `undefined` where there is no WebAssembly. */
export function createCompiledLanes(): CompiledLanes | undefined {
  const instance = instantiate(MODULE_BASE64);
  return instance && new CompiledLanes(instance);
}
