/** The program: hands argv to the command line and turns what comes back into the exit code. */
import { runCommandLine } from "./cli/command-line.ts";

process.exitCode = await runCommandLine(process.argv.slice(2));
