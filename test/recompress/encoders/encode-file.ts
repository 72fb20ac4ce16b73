import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { findTool, readTools } from "../../install/tool-table.ts";
import {
  type Encoder,
  type EncoderProgram,
  moduleBinary,
  moduleToolName,
} from "./encoder-table.ts";

const KEPT_COMPLAINT_BYTES = 2000;

/** Nothing on this machine can run an encoder, or it failed. */
export class EncodeError extends Error {
  readonly kind = "EncodeError";
}

/** What to compress, and where to. */
export interface EncodeTask {
  readonly encoder: Encoder;
  readonly plainFile: string;
  /** Appears whole or not at all. */
  readonly streamFile: string;
  /** Where programs are that `test/install/tools.txt` does not list. */
  readonly programFolder?: string;
}

/**
 * Compresses a file by an encoder.
 * @throws {EncodeError} when it is missing or fails.
 */
export async function encodeFile(task: EncodeTask): Promise<void> {
  const command = encoderCommand(task.encoder, task.programFolder);
  if (command === undefined) throw new EncodeError(`${task.encoder.name} is not on this machine`);
  const partFile = `${task.streamFile}.part`;
  try {
    await using plain = await open(task.plainFile, "r");
    await using stream = await open(partFile, "w");
    await runEncoder(command, [plain.fd, stream.fd]);
  } catch (error) {
    await rm(partFile, { force: true });
    throw error;
  }
  await rename(partFile, task.streamFile);
}

/** @returns the program and its arguments, or `undefined` when this machine lacks it. */
export function encoderCommand(
  { program, args }: Encoder,
  programFolder?: string,
): readonly [file: string, ...args: readonly string[]] | undefined {
  const file = programFile(program, programFolder);
  if (file === undefined) return undefined;
  return program.from === "script" ? [file, scriptFile(program.file), ...args] : [file, ...args];
}

/** @returns the row of `test/install/tools.txt` that brings the program, if one does. */
export function toolOf(program: EncoderProgram): string | undefined {
  const name = toolNameOf(program);
  return readTools().some((tool) => tool.name === name) ? name : undefined;
}

function toolNameOf(program: EncoderProgram): string {
  switch (program.from) {
    case "module":
      return moduleToolName(program);
    case "tool":
      return program.name;
    case "script":
      return program.interpreter;
  }
}

function programFile(program: EncoderProgram, programFolder?: string): string | undefined {
  if (program.from === "script" && program.interpreter === "node") return execPath;
  const tool = toolOf(program);
  const installed = tool === undefined ? undefined : findTool(tool);
  if (installed !== undefined) return installed;
  if (program.from === "module") return inFolders(moduleBinary(program), [programFolder ?? ""]);
  return inFolders(toolNameOf(program), (env["PATH"] ?? "").split(delimiter));
}

function inFolders(binary: string, folders: readonly string[]): string | undefined {
  const files = folders.filter((folder) => folder !== "").map((folder) => join(folder, binary));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function scriptFile(name: string): string {
  return fileURLToPath(new URL(`scripts/${name}`, import.meta.url));
}

async function runEncoder(
  [file, ...args]: readonly [string, ...(readonly string[])],
  [input, output]: readonly [number, number],
): Promise<void> {
  const child = spawn(file, args, { stdio: [input, output, "pipe"] });
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-KEPT_COMPLAINT_BYTES);
  });
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new EncodeError(`${file} ${args.join(" ")} failed: ${complaint}`);
}
