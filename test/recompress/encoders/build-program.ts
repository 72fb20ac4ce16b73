import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Encoder, moduleBinary } from "./encoder-table.ts";
import { EncodeError, encoderCommand } from "./encode-file.ts";

/**
 * Builds an encoder's Go program below `programFolder`, unless this machine has it; other programs
 * are left to `npm run test:install`.
 * @returns whether the encoder can run now.
 * @throws {EncodeError} when the program cannot be built.
 */
export function settleEncoder(encoder: Encoder, programFolder: string): boolean {
  if (encoderCommand(encoder, programFolder) !== undefined) return true;
  const { program } = encoder;
  if (program.from !== "module") return false;
  mkdirSync(programFolder, { recursive: true });
  const script = fileURLToPath(new URL("build.sh", import.meta.url));
  const output = join(programFolder, moduleBinary(program));
  const built = spawnSync(script, [program.folder, program.version, output], { encoding: "utf8" });
  if (built.status !== 0) throw new EncodeError(`${output} could not be built: ${built.stderr}`);
  return true;
}
