import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import type { SegmentLevel } from "../../../src/recompress/gzip/segment/segment-levels.ts";
import { createSegmentModel } from "../../../src/recompress/gzip/segment/segment-model.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { rebuild, type Stretch } from "./token-streams.ts";

/** What a predictor writes that foresaw everything. */
export const NO_CORRECTIONS: Uint8Array = Uint8Array.of(0);

/** The stretches as the model itself would have chosen their tokens. */
export function own(level: SegmentLevel, framing: Framing, plain: Uint8Array): readonly Stretch[] {
  const shape = [{ plain, tokens: new Uint32Array() }];
  const model = createSegmentModel(level, framing);
  const [tokens] = rebuild(model, { column: NO_CORRECTIONS, shape, random: new SeededRandom(1) });
  return [{ plain, tokens }];
}

/** The stretches cut into stretches of `bytes` each, where tokens allow it exactly. */
export function atEvery([whole]: readonly Stretch[], bytes: number): readonly Stretch[] {
  const tokens = whole?.tokens ?? new Uint32Array();
  const plain = whole?.plain ?? new Uint8Array();
  const stretches: Stretch[] = [];
  let byte = 0;
  let first = 0;
  let start = 0;
  for (const [index, token] of tokens.entries()) {
    byte += token < 256 ? 1 : token >>> 16;
    if (byte % bytes !== 0 && byte < plain.length) continue;
    stretches.push({
      plain: plain.subarray(start, byte),
      tokens: tokens.subarray(first, index + 1),
    });
    first = index + 1;
    start = byte;
  }
  return stretches;
}
