/** The layers that real encoders compress: Debian's packages, an application of npm's, and a made-up one. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtempDisposable, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { env } from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { plainLayerPieces } from "../../fixtures/plain-layer.ts";
import { runProgram } from "../../fixtures/program.ts";

const MADE_UP_BYTES = 64 * 1024 * 1024;
const FIRST_BUILD = "1700000000";
const SECOND_BUILD = "1710000000";
const BASE_PACKAGES = "git,python3,perl,curl";
/** Base images leave these out. */
const LEFT_OUT = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*/*.gz"];
const APPLICATION = `import { Hono } from "hono";\nexport const application = new Hono();\n`;

/** One layer that can be made. */
export interface PlainLayer {
  readonly name: string;
  /** Writes the tar to `file`; what it was made of may be written beside it. */
  make(file: string): Promise<void>;
}

/** Pairs are two builds of one image: first what a release had, then its updates. */
export const PLAIN_LAYERS: readonly PlainLayer[] = [
  { name: "made-up", make: makeMadeUp },
  { name: "debian-min-1", make: (file) => makeDebian(file, { isUpdated: false }) },
  { name: "debian-min-2", make: (file) => makeDebian(file, { isUpdated: true }) },
  {
    name: "debian-base-1",
    make: (file) => makeDebian(file, { isUpdated: false, packages: BASE_PACKAGES }),
  },
  {
    name: "debian-base-2",
    make: (file) => makeDebian(file, { isUpdated: true, packages: BASE_PACKAGES }),
  },
  { name: "npm-app-1", make: (file) => makeApplication(file, "before") },
  { name: "npm-app-2", make: (file) => makeApplication(file, "after") },
];

/** @returns the file's sha256 in hex. */
export async function digestOf(file: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(file), digest);
  return digest.digest("hex");
}

/**
 * Makes the layer below `folder` unless it is there; a run that was cut off leaves no half of one.
 * @returns the tar's path.
 */
export async function settleLayer(layer: PlainLayer, folder: string): Promise<string> {
  const file = join(folder, `${layer.name}.tar`);
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  const part = join(folder, `${layer.name}.part.tar`);
  await layer.make(part);
  await rename(part, file);
  return file;
}

async function makeMadeUp(file: string): Promise<void> {
  const pieces = plainLayerPieces({ seed: 11, sizeBytes: MADE_UP_BYTES, canUnpack: true });
  await pipeline(Readable.from(pieces), createWriteStream(file));
}

interface DebianLayer {
  readonly isUpdated: boolean;
  /** With these, and with Debian's important packages; without, only what `minbase` means. */
  readonly packages?: string;
}

async function makeDebian(file: string, { isUpdated, packages }: DebianLayer): Promise<void> {
  const { codename, sources } = await debianSources(isUpdated);
  const variant =
    packages === undefined
      ? ["--variant=minbase"]
      : ["--variant=important", `--include=${packages}`];
  const excludes = LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`);
  await run(["mmdebstrap", "--quiet", ...variant, ...excludes, codename, file, ...sources], {
    SOURCE_DATE_EPOCH: isUpdated ? SECOND_BUILD : FIRST_BUILD,
  });
  const status = await run(["tar", "-xOf", file, "./var/lib/dpkg/status"]);
  await writeFile(listBeside(file), packageList(status));
}

/** The mirrors that this machine's own apt uses, so that none is named here. */
async function debianSources(
  isUpdated: boolean,
): Promise<{ codename: string; sources: readonly string[] }> {
  const [, codename = ""] =
    /^VERSION_CODENAME=(.+)$/m.exec(await readFile("/etc/os-release", "utf8")) ?? [];
  const targets = await run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"]);
  const wanted = isUpdated ? [codename, `${codename}-updates`, `${codename}-security`] : [codename];
  const sources = wanted.map((release) => {
    const line = targets.split("\n").find((target) => target.endsWith(` ${release}`));
    if (line === undefined) throw new Error(`apt of this machine knows no ${release}`);
    return `deb ${line} main`;
  });
  return { codename, sources };
}

function packageList(status: string): string {
  const rows = status.split("\n\n").map((paragraph) => {
    const [, name = ""] = /^Package: (.+)$/m.exec(paragraph) ?? [];
    const [, version = ""] = /^Version: (.+)$/m.exec(paragraph) ?? [];
    return name === "" ? "" : `${name} ${version}\n`;
  });
  return rows.toSorted().join("");
}

/** An application with its modules; `before` has the releases that came before those of `after`. */
async function makeApplication(file: string, which: "before" | "after"): Promise<void> {
  await using folder = await mkdtempDisposable(join(dirname(file), "npm-"));
  const root = join(folder.path, "app");
  await mkdir(join(root, "src"), { recursive: true });
  const all = JSON.parse(
    await readFile(new URL("npm-app.json", import.meta.url), "utf8"),
  ) as Record<typeof which, object>;
  const manifest = { name: "app", version: "1.0.0", private: true, dependencies: all[which] };
  await writeFile(join(root, "package.json"), JSON.stringify(manifest, undefined, 2));
  await writeFile(join(root, "src", "main.js"), `// ${which}\n${APPLICATION}`);
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await run(["npm", "install", "--prefix", root, ...quiet]);
  await writeFile(listBeside(file), await readFile(join(root, "package-lock.json")));
  const seconds = which === "before" ? FIRST_BUILD : SECOND_BUILD;
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  const order = [
    "--sort=name",
    "--format=pax",
    `--mtime=@${seconds}`,
    "--pax-option=delete=atime,delete=ctime",
  ];
  await run(["tar", ...order, ...owner, "-cf", file, "-C", folder.path, "app"]);
}

/** Where the list of what a layer holds goes. */
function listBeside(file: string): string {
  return file.replace(/(\.part)?\.tar$/, ".list");
}

async function run(
  command: readonly [string, ...string[]],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const inherited = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return await runProgram({
    command: [...command],
    env: { ...Object.fromEntries(inherited), ...more },
  });
}
