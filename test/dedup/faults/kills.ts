/**
 * `node test/dedup/faults/kills.ts [--kills 200] [--seed 1] [--storage filesystem|s3] [--minutes 40]`:
 * kills servers while their blobs go cold, and looks that nothing is lost. Ends with 1 and says why when anything is.
 */
import { parseArgs } from "node:util";
import { runKills } from "./kill-rounds.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "40" },
    storage: { type: "string", default: "filesystem" },
  },
});
const startedMs = performance.now();
const summary = await runKills({
  storage: values.storage === "s3" ? "s3" : "filesystem",
  kills: Number(values.kills),
  limitMs: Number(values.minutes) * 60_000,
  seed: Number(values.seed),
  keepsQueue: true,
  tell: (text) => process.stderr.write(`${text.trimEnd()}\n`),
});
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
process.stdout.write(`${JSON.stringify({ ...summary, minutes: Number(minutes) })}\n`);
