/** The verbs that look into layers on disk. */
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { type AddVerb, format, formatOption } from "./verb.ts";

const MOST_THREADS = 64;
/** Unless told otherwise: each takes some 60 MB. */
const MOST_USUAL_THREADS = 8;

const INSPECT_HELP = `
FILE is one of
  a layer           tar, tar.gz or tar.zst
  an archive        docker save, podman save, oci-archive: or docker-archive: of skopeo
  a folder          an OCI layout, or dir: of skopeo
  -                 standard input, one of these; it is kept below TMPDIR meanwhile

A layer is exact when its bytes can be made again from its tar and a small recipe: then new versions of an
image cost only what changed in their files. How much that is between two versions:
  barge layer inspect --base app-1.tar app-2.tar
Of images, each layer is compared with the one of the base that it shares most with. In CI, after a build:
  docker save team/app:1 | barge layer inspect --require-exact -

With --format json: [{file, digest, gzipBytes, tarBytes, encoder, level, framing, exact, reason,
recipeBytes, travels, advice, chunks, base?: {file, digest, sharedBytes, deltaBytes}, ...}], sizes in bytes;
gzipBytes is the layer's size, however it is compressed, and null is what is not known.

Exit codes: 0 inspected; 1 a file is damaged, empty, ends early, or holds no image that is whole; 2 wrong
flags; 3 no such file; 5 a layer is not as --require-exact or --max-recipe ask; 130 interrupted.`;

export function addLayerVerbs(program: Command, verb: AddVerb): void {
  const layer = program.command("layer").description("layers in files, layouts and archives");
  const command = layer
    .command("inspect")
    .description("say who compressed a layer, and whether new versions of it will travel well")
    .argument("<file...>", "layers, archives or layouts; - for standard input")
    .option(
      "--base <file>",
      "an older layer, archive or layout: also say what would travel to someone who holds it",
    )
    .option("--threads <number>", "layers at once (default: one a processor, at most 8)", threadsOf)
    .option("--no-verify", "do not rebuild each layer to prove its recipe: half the time")
    .option(
      "--require-exact",
      "exit with 5 when a compressed layer is not exact, or no layer is there",
    )
    .option(
      "--max-recipe <percent>",
      "--require-exact, and with recipes of no more than so much of a layer's size",
      percentOf,
    )
    .addOption(formatOption())
    .addHelpText("after", INSPECT_HELP);
  verb(command, async (files, flags, io) => {
    const { runInspect } = await import("./layer.ts");
    const { base, threads, maxRecipe } = flags;
    return await runInspect(
      {
        files,
        base: typeof base === "string" ? base : undefined,
        threads: typeof threads === "number" ? threads : usualThreads(),
        verify: flags["verify"] !== false,
        requireExact: flags["requireExact"] === true,
        mostRecipeShare: typeof maxRecipe === "number" ? maxRecipe / 100 : undefined,
        format: format(flags),
      },
      io,
    );
  });
}

function usualThreads(): number {
  return Math.min(availableParallelism(), MOST_USUAL_THREADS);
}

function threadsOf(text: string): number {
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new InvalidArgumentError(`a whole number from 1 to ${MOST_THREADS}`);
}

function percentOf(text: string): number {
  const percent = Number(text);
  if (text.trim() !== "" && percent >= 0 && percent <= 100) return percent;
  throw new InvalidArgumentError("a number from 0 to 100");
}
