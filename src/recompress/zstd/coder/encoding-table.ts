import type { WasmInstance } from "../../wasm-instance.ts";
import type { FseEncodingTable } from "../fse.ts";

const CODES_OF_KIND = 64;
const MOST_STATES = 1024;

/** Where the compiled coder has the table of one kind of codes. */
export class EncodingTable {
  readonly #bitDeltas: Int32Array;
  readonly #stateDeltas: Int32Array;
  readonly #states: Uint16Array;
  #last: FseEncodingTable | undefined;

  /** @param kind 0 to 2 */
  constructor(instance: WasmInstance, kind: number) {
    const { memory } = instance;
    const at = instance.constant("TABLES") + instance.constant("TABLE_SIZE") * kind;
    const bitDeltas = at + instance.constant("BIT_DELTAS");
    const stateDeltas = at + instance.constant("STATE_DELTAS");
    this.#bitDeltas = new Int32Array(memory, bitDeltas, CODES_OF_KIND);
    this.#stateDeltas = new Int32Array(memory, stateDeltas, CODES_OF_KIND);
    this.#states = new Uint16Array(memory, at + instance.constant("STATES"), MOST_STATES);
  }

  /** Codes that the table lacks lead to a state behind its last one, and there are zeros. */
  set(table: FseEncodingTable): void {
    if (table === this.#last) return;
    this.#last = table;
    const { bitDeltas, stateDeltas, states } = table;
    this.#bitDeltas.fill(0, bitDeltas.length).set(bitDeltas);
    this.#stateDeltas.fill(0, stateDeltas.length).set(stateDeltas);
    this.#states.fill(0, states.length).set(states);
  }
}
