/** The program: hands argv to the command line and turns what comes back into the exit code. */
import { run } from "./cli/run.ts";
import { environment } from "./config/environment-of-process.ts";

/** As a shell has it of programs that the signal ended that others get here. */
const BROKEN_PIPE_CODE = 141;

// Whoever read what is printed may be gone, as `head` is after its lines: then the program stops as at SIGTERM.
process.stdout.once("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.stdout.on("error", () => undefined);
  if (!process.emit("SIGTERM", "SIGTERM")) process.exit(BROKEN_PIPE_CODE);
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  environment: environment(),
});
