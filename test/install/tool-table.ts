/**
 * The programs that tests run, as `tools.txt` beside this file lists them.
 *
 * `install.sh` installs from the same list, so a test cannot need a program that nothing installs.
 */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { env } from "node:process";

const KINDS = ["apt", "encoder", "go", "gotool", "host"] as const;

/** How a program comes onto a machine; `tools.txt` explains each. */
type ToolKind = (typeof KINDS)[number];

/** One row of the table. */
export interface Tool {
  readonly name: string;
  /** The file name of the program. */
  readonly binary: string;
  readonly kind: ToolKind;
  /** What `kind` says: a Debian package, a Go package or folder with its version, or prose. */
  readonly source: string;
}

/** @returns every row of the table, in its order. */
export function readTools(): readonly Tool[] {
  return readFileSync(new URL("tools.txt", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => /^[^#\s]/.test(line))
    .map((line) => parseTool(line));
}

/** @throws {TypeError} when the table has no such name, so that a typing error is no missing program. */
function toolNamed(name: string): Tool {
  const tool = readTools().find((candidate) => candidate.name === name);
  if (tool === undefined) throw new TypeError(`test/install/tools.txt has no tool named '${name}'`);
  return tool;
}

/**
 * @returns the path of the program, or `undefined` when this machine lacks it. Go programs are looked
 * for first where Go installs them, because the table fixes their versions.
 * @throws {TypeError} when the table has no such name.
 */
export function findTool(name: string): string | undefined {
  const { binary, kind } = toolNamed(name);
  const isBuilt = kind === "go" || kind === "gotool" || kind === "encoder";
  const folders = isBuilt ? [...goFolders(), ...pathFolders()] : [...pathFolders(), ...goFolders()];
  return folders.map((folder) => join(folder, binary)).find((file) => isProgram(file));
}

/** @returns one line that tells a person how to get the program. */
export function installHint(name: string): string {
  if (name === "root") return "run the tests as root, where network namespaces can be made";
  const { kind, source } = toolNamed(name);
  switch (kind) {
    case "apt":
      return `npm run test:install, or: apt-get install ${source}`;
    case "go":
      return `npm run test:install, or: go install ${source}`;
    case "encoder":
    case "gotool":
      return `npm run test:install (builds ${source})`;
    case "host":
      return `install ${source}`;
  }
}

function parseTool(line: string): Tool {
  const [name = "", binary = "", kindText = "", ...source] = line.trim().split(/\s+/);
  const kind = KINDS.find((candidate) => candidate === kindText);
  if (kind === undefined || source.length === 0) {
    throw new SyntaxError(`test/install/tools.txt: not a row of the table: '${line}'`);
  }
  return { name, binary, kind, source: source.join(" ") };
}

function pathFolders(): readonly string[] {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/go/bin"];
}

function goFolders(): readonly string[] {
  const goPaths = (env["GOPATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const homes = [homedir(), userInfo().homedir].map((home) => join(home, "go"));
  const own = env["GOBIN"] ?? "";
  return [...(own === "" ? [] : [own]), ...[...goPaths, ...homes].map((path) => join(path, "bin"))];
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
