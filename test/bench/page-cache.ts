import { runProgram } from "../fixtures/program.ts";

/** Makes the kernel forget what it holds of files in memory. They must have been written to disk. */
export async function dropFromPageCache(files: readonly string[]): Promise<void> {
  for (const file of files) {
    await runProgram({ command: ["dd", `if=${file}`, "iflag=nocache", "count=0", "status=none"] });
  }
}
