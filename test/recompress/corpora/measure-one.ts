/**
 * Measures one stream in a process of its own, for the sake of its memory: `measure-one.ts STREAM PLAIN`.
 * Writes one line of JSON: the measurement, and the most memory the process ever took.
 */
import { resourceUsage } from "node:process";
import { measureStream } from "./measure-stream.ts";

const [streamFile, plainFile] = process.argv.slice(2);
if (streamFile === undefined || plainFile === undefined) {
  throw new TypeError("usage: measure-one.ts STREAM PLAIN");
}
const measurement = measureStream({ streamFile, plainFile });
const memoryBytes = resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ measurement, memoryBytes })}\n`);
