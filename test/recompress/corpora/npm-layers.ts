/** Layers of npm's packages: an application with its modules, built again and upgraded; a runtime. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { listBeside, runForLayer } from "./layer-programs.ts";

const APPLICATION = `import { Hono } from "hono";\nexport const application = new Hono();\n`;

/** What of npm's a layer has. */
export interface NpmLayer {
  /** A key of `npm-packages.json`. */
  readonly packages: "app-1" | "app-2" | "node-1" | "node-2" | "node-3";
  /** Stands in the application's two source files; without it there are none. */
  readonly release?: string;
  /** Of all files; seconds since 1970, as a number in decimal. */
  readonly builtAt: string;
}

/** Writes the layer's tar to `file`, and what was installed beside it. */
export async function makeNpmLayer(
  file: string,
  { packages, release, builtAt }: NpmLayer,
): Promise<void> {
  await using folder = await mkdtempDisposable(join(dirname(file), "npm-"));
  const root = join(folder.path, "app");
  await mkdir(root);
  const all = JSON.parse(
    await readFile(new URL("npm-packages.json", import.meta.url), "utf8"),
  ) as Record<typeof packages, object>;
  const manifest = { name: "app", version: "1.0.0", private: true, dependencies: all[packages] };
  await writeFile(join(root, "package.json"), JSON.stringify(manifest, undefined, 2));
  if (release !== undefined) await writeSources(join(root, "src"), release);
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await runForLayer(["npm", "install", "--prefix", root, ...quiet]);
  await writeFile(listBeside(file), await readFile(join(root, "package-lock.json")));
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  const order = [
    "--sort=name",
    "--format=pax",
    `--mtime=@${builtAt}`,
    "--pax-option=delete=atime,delete=ctime",
  ];
  await runForLayer(["tar", ...order, ...owner, "-cf", file, "-C", folder.path, "app"]);
}

async function writeSources(folder: string, release: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "main.js"), `// ${release}\n${APPLICATION}`);
  await writeFile(join(folder, "release.js"), `export const release = "${release}";\n`);
}
