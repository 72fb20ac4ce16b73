/** The verbs that look into layers on disk. */
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { type AddVerb, format, formatOption } from "./verb.ts";

const MOST_THREADS = 64;

const INSPECT_HELP = `
FILE is a layer (tar, gzip or zstd), an OCI layout, an archive of images (docker save, oci-archive), a
dir: of skopeo, or - for standard input. In CI, after a build:
  docker save team/app:1 | barge layer inspect --require-exact -`;

export function addLayerVerbs(program: Command, verb: AddVerb): void {
  const layer = program.command("layer").description("layers in files, layouts and archives");
  const command = layer
    .command("inspect")
    .description("say who compressed a layer, and whether new versions of it will travel well")
    .argument("<file...>", "layers, layouts or archives; - for standard input")
    .option("--threads <number>", "layers at once (default: one a processor)", threadsOf)
    .option("--no-verify", "do not rebuild each layer to prove its recipe: twice as fast")
    .option("--require-exact", "exit with 1 when a compressed layer has no recipe", false)
    .addOption(formatOption())
    .addHelpText("after", INSPECT_HELP);
  verb(command, async (files, flags, io) => {
    const { runInspect } = await import("./layer.ts");
    const threads = flags["threads"];
    return await runInspect(
      {
        files,
        threads: typeof threads === "number" ? threads : availableParallelism(),
        verify: flags["verify"] !== false,
        requireExact: flags["requireExact"] === true,
        format: format(flags),
      },
      io,
    );
  });
}

function threadsOf(text: string): number {
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new InvalidArgumentError(`a whole number from 1 to ${MOST_THREADS}`);
}
