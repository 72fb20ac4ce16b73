/** Short ways to read a configuration in a test. */
import type { Config } from "../../src/config/config.ts";
import { ConfigInvalid, type ConfigProblem } from "../../src/config/config-invalid.ts";
import type { Environment } from "../../src/config/environment.ts";
import { type LoadedConfig, readConfig } from "../../src/config/load.ts";

/** A file that says only what must be said; `rest` is added, as YAML at the top level. */
export function minimal(rest = ""): string {
  return `version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000"}\n${rest}\n`;
}

export async function read(text: string, environment: Environment = {}): Promise<LoadedConfig> {
  return readConfig({ text, source: "config.yml", environment });
}

export async function configOf(text: string, environment: Environment = {}): Promise<Config> {
  return (await read(text, environment)).config;
}

/** What is wrong; empty when nothing is. */
export async function problemsOf(
  text: string,
  environment: Environment = {},
): Promise<readonly ConfigProblem[]> {
  try {
    await read(text, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems;
    throw error;
  }
}
