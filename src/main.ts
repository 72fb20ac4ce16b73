/** The program: hands argv to the command line and turns what comes back into the exit code. */
import { run } from "./cli/run.ts";
import { environment } from "./config/environment-of-process.ts";

process.exitCode = await run(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  environment: environment(),
});
