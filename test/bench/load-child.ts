/** The process that makes the load, so that its CPU is not taken for the server's. */
import { platform } from "node:os";
import { gatherCrowd } from "./crowd.ts";
import type { Job, JobAnswer, JobResult } from "./load-job.ts";
import { pushBlobs } from "./pusher.ts";
import { readStreams } from "./stream-reader.ts";

process.on("message", (job: Job) => void answer(job));
process.on("disconnect", () => process.exit());

async function answer(job: Job): Promise<void> {
  try {
    reply({ kind: "done", result: await run(job) });
  } catch (error) {
    reply({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  }
}

async function run(job: Job): Promise<JobResult> {
  if (job.kind === "push") return await pushBlobs(job);
  if (job.kind === "crowd") return await gatherCrowd(job);
  if (job.origin.startsWith("https:") || platform() !== "linux") return await readStreams(job);
  const { readAndDiscard } = await import("./discarding-reader.ts");
  return readAndDiscard(job);
}

function reply(answered: JobAnswer): void {
  process.send?.(answered);
}
