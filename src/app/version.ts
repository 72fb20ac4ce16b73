import { readFile } from "node:fs/promises";
import { isJsonObject } from "../oci/descriptor.ts";
import { entryUrl } from "./entries.ts";

/** The program's version, as in `0.1.0`. */
export async function readVersion(): Promise<string> {
  const document: unknown = JSON.parse(await readFile(entryUrl("package"), "utf8"));
  const version = isJsonObject(document) ? document["version"] : undefined;
  if (typeof version !== "string") throw new TypeError("package.json has no version");
  return version;
}
