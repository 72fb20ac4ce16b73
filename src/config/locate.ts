import { access } from "node:fs/promises";
import type { Environment } from "./environment.ts";

export interface LocateConfigOptions {
  /** What the command line names. */
  readonly argument?: string | undefined;
  readonly environment: Environment;
  /** Where `config.yml` is looked for; the working directory when left out. */
  readonly directory?: string | undefined;
}

/**
 * Which file holds the configuration: the argument, `BARGE_CONFIG`, `REGISTRY_CONFIGURATION_PATH`,
 * `./config.yml` if it is there. A file that somebody named is not looked for here: that it is missing
 * is an error that reading it gives.
 * @returns `undefined` for the built-in defaults.
 */
export async function locateConfig(options: LocateConfigOptions): Promise<string | undefined> {
  const { argument, environment, directory = "." } = options;
  const candidates = [
    argument,
    environment["BARGE_CONFIG"],
    environment["REGISTRY_CONFIGURATION_PATH"],
  ];
  const named = candidates.find((path) => path !== undefined && path !== "");
  if (named !== undefined) return named;
  const usual = `${directory}/config.yml`;
  return (await exists(usual)) ? usual : undefined;
}

/** A file that may not be read counts as there, so that the defaults never take its place unseen. */
async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ENOENT");
  }
}
