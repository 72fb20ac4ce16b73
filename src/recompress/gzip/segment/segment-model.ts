import type { ColumnReader, ColumnWriter } from "../../columns.ts";
import type { Framing } from "../framing.ts";
import type {
  TokenModel,
  TokenPredictor,
  TokenProducer,
  TokenRestart,
  TreeRule,
} from "../token-model.ts";
import { SegmentBenches } from "./segment-benches.ts";
import { SEGMENT_ENGINES, type SegmentLevel } from "./segment-levels.ts";
import { SegmentPredictor } from "./segment-predictor.ts";
import { SegmentProducer } from "./segment-producer.ts";
import { SEGMENT_TWINS, type SegmentTwins } from "./segment-twins.ts";

/** klauspost's flate left unused codes at the end in before its version 1.18.5, and leaves them out since. */
const TREE_RULES: readonly TreeRule[] = ["go", "go-untrimmed"];
const BEST_SPEED_TREE_RULES: readonly TreeRule[] = ["go"];

/**
 * The model of an encoder that works segment by segment.
 *
 * @param twins which levels run compiled; none to have all in TypeScript
 */
export function createSegmentModel(
  level: SegmentLevel,
  framing: Framing,
  twins: SegmentTwins = SEGMENT_TWINS,
): TokenModel {
  const benches = new SegmentBenches({ make: SEGMENT_ENGINES[level], twin: twins[level] }, framing);
  return {
    sizeUnit: "bytes",
    treeRules: level === "best-speed" ? BEST_SPEED_TREE_RULES : TREE_RULES,
    predictor: (corrections: ColumnWriter): TokenPredictor =>
      new SegmentPredictor(benches, corrections),
    producer: (corrections: ColumnReader, restart?: TokenRestart): TokenProducer =>
      new SegmentProducer(benches, corrections, restart),
  };
}
