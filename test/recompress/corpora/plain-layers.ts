/** The layers that real encoders compress: Debian's packages, npm's, and a made-up one. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { plainLayerPieces } from "../../fixtures/plain-layer.ts";
import { listBeside, runForLayer } from "./layer-programs.ts";
import { makeNpmLayer, type NpmLayer } from "./npm-layers.ts";

const MADE_UP_BYTES = 64 * 1024 * 1024;
const FIRST_BUILD = "1700000000";
const SECOND_BUILD = "1710000000";
const THIRD_BUILD = "1720000000";
const BASE_PACKAGES = "git,python3,perl,curl";
/** Base images leave these out. */
const LEFT_OUT = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*/*.gz"];

/** One layer that can be made. */
export interface PlainLayer {
  readonly name: string;
  /** Writes the tar to `file`; what it was made of may be written beside it. */
  make(file: string): Promise<void>;
}

/** Pairs are two builds of one image: first what a release had, then its updates. */
export const PLAIN_LAYERS: readonly PlainLayer[] = [
  { name: "made-up", make: makeMadeUp },
  debianLayer("debian-min-1", { state: "released" }),
  debianLayer("debian-min-2", { state: "updated" }),
  debianLayer("debian-base-1", { state: "released", packages: BASE_PACKAGES }),
  debianLayer("debian-base-2", { state: "updated", packages: BASE_PACKAGES }),
  npmLayer("npm-app-1", { packages: "app-1", release: "1", builtAt: FIRST_BUILD }),
  npmLayer("npm-app-rebuilt", { packages: "app-1", release: "2", builtAt: SECOND_BUILD }),
  npmLayer("npm-app-2", { packages: "app-2", release: "2", builtAt: SECOND_BUILD }),
  npmLayer("node-1", { packages: "node-1", builtAt: FIRST_BUILD }),
  npmLayer("node-2", { packages: "node-2", builtAt: SECOND_BUILD }),
];

/** One more version of each, for what wants three. */
export const THIRD_LAYERS: readonly PlainLayer[] = [
  debianLayer("debian-min-3", { state: "backported" }),
  debianLayer("debian-base-3", { state: "backported", packages: BASE_PACKAGES }),
  npmLayer("npm-app-again", { packages: "app-1", release: "3", builtAt: THIRD_BUILD }),
  npmLayer("node-3", { packages: "node-3", builtAt: THIRD_BUILD }),
];

function debianLayer(name: string, what: DebianLayer): PlainLayer {
  return { name, make: async (file) => await makeDebian(file, what) };
}

function npmLayer(name: string, what: NpmLayer): PlainLayer {
  return { name, make: async (file) => await makeNpmLayer(file, what) };
}

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

/** Of the newest kinds of packages that it has; what has no backport is updated. */
type DebianState = "released" | "updated" | "backported";

interface DebianLayer {
  readonly state: DebianState;
  /** With these, and with Debian's important packages; without, only what `minbase` means. */
  readonly packages?: string;
}

const BUILT_AT: Readonly<Record<DebianState, string>> = {
  released: FIRST_BUILD,
  updated: SECOND_BUILD,
  backported: THIRD_BUILD,
};

async function makeDebian(file: string, { state, packages }: DebianLayer): Promise<void> {
  const { codename, sources } = await debianSources(state);
  const variant =
    packages === undefined
      ? ["--variant=minbase"]
      : ["--variant=important", `--include=${packages}`];
  const excludes = LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`);
  const preferred = `--aptopt=APT::Default-Release "${codename}-backports"`;
  const prefers = state === "backported" ? [preferred] : [];
  await runForLayer(
    ["mmdebstrap", "--quiet", ...variant, ...prefers, ...excludes, codename, file, ...sources],
    { SOURCE_DATE_EPOCH: BUILT_AT[state] },
  );
  const status = await runForLayer(["tar", "-xOf", file, "./var/lib/dpkg/status"]);
  await writeFile(listBeside(file), packageList(status));
}

/** The mirrors that this machine's own apt uses, so that none is named here. */
async function debianSources(
  state: DebianState,
): Promise<{ codename: string; sources: readonly string[] }> {
  const [, codename = ""] =
    /^VERSION_CODENAME=(.+)$/m.exec(await readFile("/etc/os-release", "utf8")) ?? [];
  const targets = await runForLayer(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"]);
  const updates = [codename, `${codename}-updates`, `${codename}-security`];
  const sources = (state === "released" ? [codename] : updates).map((release) => {
    const line = targets.split("\n").find((target) => target.endsWith(` ${release}`));
    if (line === undefined) throw new Error(`apt of this machine knows no ${release}`);
    return `deb ${line} main`;
  });
  // Backports lie beside the release, and apt need not know them.
  const backports = sources[0]?.replace(` ${codename} `, ` ${codename}-backports `) ?? "";
  return { codename, sources: state === "backported" ? [...sources, backports] : sources };
}

function packageList(status: string): string {
  const rows = status.split("\n\n").map((paragraph) => {
    const [, name = ""] = /^Package: (.+)$/m.exec(paragraph) ?? [];
    const [, version = ""] = /^Version: (.+)$/m.exec(paragraph) ?? [];
    return name === "" ? "" : `${name} ${version}\n`;
  });
  return rows.toSorted().join("");
}
