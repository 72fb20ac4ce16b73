import { MODULE_BASE64 as DEFAULT } from "./default-engine-module.ts";
import { MODULE_BASE64 as FASTEST } from "./fastest-engine-module.ts";
import type { FinderModel } from "./finder-table.ts";

/** A speed that is compiled to WebAssembly. */
export interface CompiledSpeed {
  readonly moduleBase64: string;
  /** As in `MatchSearch`. */
  readonly overlapShare: number;
}

const SPEEDS: Readonly<Partial<Record<FinderModel["speed"], readonly CompiledSpeed[]>>> = {
  fastest: [{ moduleBase64: FASTEST, overlapShare: 8 }],
  default: [{ moduleBase64: DEFAULT, overlapShare: 8 }],
};

/** @returns `undefined` where only the engine in TypeScript is there. */
export function compiledSpeed({ speed, revision }: FinderModel): CompiledSpeed | undefined {
  return SPEEDS[speed]?.[revision];
}
