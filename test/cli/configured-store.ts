import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { PlantedStore } from "../gc/planted-store.ts";

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A store on the filesystem, and the config file that names it. */
export interface ConfiguredStore extends AsyncDisposable {
  readonly root: string;
  readonly config: string;
  readonly store: PlantedStore;
}

export async function openConfiguredStore(): Promise<ConfiguredStore> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-cli-"));
  const root = join(folder.path, "data");
  const config = join(folder.path, "config.yml");
  const text = `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${root}\nhttp:\n  addr: 127.0.0.1:5000\n`;
  await writeFile(config, text);
  const driver = await FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 });
  return {
    root,
    config,
    store: new PlantedStore(driver),
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

/** @param onStdout told of each piece of standard output, for what is to happen meanwhile. */
export async function say(
  args: readonly string[],
  onStdout: (text: string) => void = () => undefined,
): Promise<Said> {
  const said = { stdout: "", stderr: "" };
  const code = await runCommandLine(args, {
    stdout: (text) => {
      said.stdout += text;
      onStdout(text);
    },
    stderr: (text) => {
      said.stderr += text;
    },
    environment: {},
  });
  return { code, ...said };
}
