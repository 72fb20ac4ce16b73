import { glob, readdir, readFile } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { describe, expect, it } from "vitest";

/**
 * Who may import whom, bottom to top. A folder may always import itself and `node:`; every folder may
 * import the types of `src/config/config.ts`. `*` is everything.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "src/lib": [],
  "src/os": ["src/lib"],
  "src/oci": ["src/lib"],
  "src/observability": ["src/lib"],
  "src/jobs": ["src/lib", "src/observability"],
  // Pure: compressed bytes in, plain bytes and decisions out, and back.
  "src/recompress": ["src/lib", "src/tar"],
  "src/tar": ["src/lib"],
  "src/chunks": ["src/lib", "src/oci", "src/storage", "src/recompress", "src/tar"],
  // Images on disk: layouts and archives.
  "src/layouts": ["src/lib", "src/oci", "src/tar"],
  "src/config": ["src/lib", "src/oci"],
  "src/storage": ["src/lib", "src/observability"],
  "src/events": ["src/lib", "src/oci", "src/observability"],
  // Robots are kept in the store: losing the state directory must not cost rights.
  "src/auth": ["src/lib", "src/oci", "src/observability", "src/storage"],
  "src/client": ["src/lib", "src/oci", "src/observability"],
  "src/content": ["src/lib", "src/os", "src/oci", "src/observability", "src/storage", "src/events"],
  "src/dedup": [
    "src/lib",
    "src/os",
    "src/oci",
    "src/observability",
    "src/storage",
    "src/recompress",
    "src/chunks",
    "src/jobs",
    "src/content",
    "src/events",
  ],
  "src/gc": ["src/lib", "src/oci", "src/observability", "src/storage", "src/content", "src/events"],
  "src/registry": [
    "src/lib",
    "src/os",
    "src/oci",
    "src/observability",
    "src/events",
    "src/content",
    "src/auth",
  ],
  "src/api": ["src/lib", "src/oci", "src/observability", "src/events", "src/auth", "src/content"],
  "storage-drivers": ["src/lib", "src/observability", "src/storage"],
  "src/cli": [
    "src/lib",
    "src/oci",
    "src/observability",
    "src/config",
    "src/client",
    "src/auth",
    "src/layouts",
    "src/app",
  ],
  "src/app": ["*"],
};

/** Single files that a folder may import beyond its row: types and errors of ports. */
const MAY_IMPORT_FILE: Readonly<Record<string, readonly string[]>> = {
  "src/registry": ["src/storage/errors.ts", "src/storage/storage-driver.ts"],
  "src/api": ["src/storage/errors.ts"],
};

const CONFIG_TYPES = "src/config/config.ts";

it("every folder of src has a row in the table", async () => {
  const entries = await readdir("src", { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `src/${name}`);
  const isOfProse = (folder: string): boolean => folder === "src/decisions";
  expect(folders.filter((folder) => !(folder in MAY_IMPORT) && !isOfProse(folder))).toEqual([]);
});

describe.each(Object.entries(MAY_IMPORT))("%s", (layer, allowed) => {
  it(`imports only ${allowed.join(", ") || "itself"}`, async () => {
    const imports = await Array.fromAsync(importsOf(layer));
    expect(imports.filter((one) => !isAllowed(layer, one))).toEqual([]);
  });
});

it("node:ffi stands in src/os and nowhere else", async () => {
  const offenders: string[] = [];
  for await (const file of glob("{src,storage-drivers}/**/*.ts")) {
    const text = await readFile(file, "utf8");
    if (!file.startsWith("src/os/") && /["']node:ffi["']/.test(text)) offenders.push(file);
  }
  expect(offenders).toEqual([]);
});

it("the files of a program are named in one table", async () => {
  const offenders: string[] = [];
  for await (const file of glob("{src,storage-drivers}/**/*.ts")) {
    const text = await readFile(file, "utf8");
    if (file !== "src/app/entries.ts" && /import\.meta\.(?:url|dirname|filename)/.test(text)) {
      offenders.push(file);
    }
  }
  expect(offenders).toEqual([]);
});

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

async function* importsOf(layer: string): AsyncGenerator<Import> {
  const files = await Array.fromAsync(glob(`${layer}/**/*.ts`));
  if (files.length === 0) throw new Error(`${layer} is empty: the check would prove nothing`);
  for (const from of files) {
    const text = await readFile(from, "utf8");
    const statements = text.matchAll(
      /\b(?:(?:import|export)\s+(type\s)?[^;"]*?from\s*|import\s*\(?\s*)"(\.[^"]+)"/g,
    );
    for (const [, type, specifier = ""] of statements) {
      const to = relative(".", resolve(dirname(from), specifier))
        .split(sep)
        .join("/");
      yield { from, to, isType: type !== undefined };
    }
  }
}

function isAllowed(layer: string, { to, isType }: Import): boolean {
  const allowed = MAY_IMPORT[layer] ?? [];
  if (allowed.includes("*") || layerOf(to) === layer || allowed.includes(layerOf(to))) return true;
  if (isType && to === CONFIG_TYPES) return true;
  return (MAY_IMPORT_FILE[layer] ?? []).includes(to);
}

function layerOf(path: string): string {
  const [top = "", folder = ""] = path.split("/");
  return top === "src" ? `${top}/${folder}` : top;
}
