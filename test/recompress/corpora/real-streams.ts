/** Streams as real tools push them: one image with one layer goes in as plain tar, a compressed blob comes out. */
import { hash } from "node:crypto";
import { copyFile, link, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { openReferenceRegistry } from "../../fixtures/reference-registry.ts";
import { type Clients, openClients } from "../../real/clients.ts";
import { DOCKER_NEEDS, runDocker, startDockerEngine } from "../../real/docker-engine.ts";
import { findTool } from "../../real/tools.ts";
import { digestOf } from "./plain-layers.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const TAR = "application/vnd.oci.image.layer.v1.tar";

/** One way of one tool to write a layer. */
export interface RealStream {
  readonly name: string;
  readonly format: "gzip" | "zstd";
  /** Rows of `test/install/tools.txt`, and `root`. */
  readonly needs: readonly string[];
  /** Works in `clients.directory` and returns the path of the compressed layer in it. */
  readonly make: (clients: Clients, layerFile: string) => Promise<string>;
}

/** All of them. */
export const REAL_STREAMS: readonly RealStream[] = [
  skopeo("skopeo-gzip", "gzip", []),
  skopeo("skopeo-zstd", "zstd", ["--dest-compress-format", "zstd"]),
  skopeo("skopeo-zstd-1", "zstd", ["--dest-compress-format", "zstd", "--dest-compress-level", "1"]),
  skopeo("skopeo-zstd-7", "zstd", ["--dest-compress-format", "zstd", "--dest-compress-level", "7"]),
  skopeo("skopeo-zstd-chunked", "zstd", ["--dest-compress-format", "zstd:chunked"]),
  engine("podman", "podman-gzip", []),
  engine("podman", "podman-zstd", ["--compression-format", "zstd"]),
  engine("podman", "podman-zstd-chunked", ["--compression-format", "zstd:chunked"]),
  engine("buildah", "buildah-gzip", []),
  {
    name: "docker-gzip",
    format: "gzip",
    needs: [...DOCKER_NEEDS, "registry", "skopeo"],
    make: pushByDocker,
  },
  { name: "crane-gzip", format: "gzip", needs: ["crane", "tar"], make: appendByCrane },
  { name: "umoci-gzip", format: "gzip", needs: ["umoci"], make: addByUmoci },
];

/** @returns whether this machine has what the stream needs. */
export function canMake({ needs }: RealStream): boolean {
  return needs.every((need) => (need === "root" ? getuid?.() === 0 : findTool(need) !== undefined));
}

/** Makes the stream, and takes away all else that was needed for it. */
export async function makeRealStream(
  stream: RealStream,
  { layerFile, streamFile }: { readonly layerFile: string; readonly streamFile: string },
): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const clients = await openClients(resources);
  const blob = await stream.make(clients, layerFile);
  await copyFile(blob, streamFile);
}

function skopeo(
  name: string,
  format: RealStream["format"],
  options: readonly string[],
): RealStream {
  const make = async (clients: Clients, layerFile: string): Promise<string> => {
    await writePlainLayout(clients, layerFile);
    await clients.run(
      "skopeo",
      "copy",
      "--dest-compress",
      ...options,
      "oci:plain:it",
      "dir:pushed",
    );
    return await largestFileIn(join(clients.directory, "pushed"));
  };
  return { name, format, needs: ["skopeo"], make };
}

/** An engine that keeps images unpacked, and packs them again when they are pushed. */
function engine(tool: "podman" | "buildah", name: string, options: readonly string[]): RealStream {
  const format = options.length === 0 ? "gzip" : "zstd";
  const make = async (clients: Clients, layerFile: string): Promise<string> => {
    await writePlainLayout(clients, layerFile);
    const { directory } = clients;
    const folders = ["--root", join(directory, "storage"), "--runroot", join(directory, "run")];
    const store = [...folders, "--storage-driver", "vfs"];
    const id = (await clients.run(tool, ...store, "pull", "--quiet", "oci:plain:it")).trim();
    await clients.run(tool, ...store, "push", "--quiet", ...options, id, "oci:pushed:it");
    return await largestFileIn(join(directory, "pushed", "blobs", "sha256"));
  };
  return { name, format, needs: ["root", tool], make };
}

async function pushByDocker(clients: Clients, layerFile: string): Promise<string> {
  await using resources = new AsyncDisposableStack();
  const registry = await openReferenceRegistry(resources, {
    version: 3,
    rootDirectory: join(clients.directory, "registry"),
  });
  await startDockerEngine(resources, clients, { enter: ["unshare", "--mount"], settings: {} });
  await writePlainLayout(clients, layerFile);
  const image = `${registry.origin.host}/it:latest`;
  await clients.run("skopeo", "copy", "oci:plain:it", `docker-archive:image.tar:${image}`);
  await runDocker(clients, "load", "--input", join(clients.directory, "image.tar"));
  await runDocker(clients, "push", "--quiet", image);
  return await largestFileIn(join(registry.rootDirectory, "docker", "registry", "v2", "blobs"));
}

async function appendByCrane(clients: Clients, layerFile: string): Promise<string> {
  const image = join(clients.directory, "image.tar");
  await clients.run(
    "crane",
    "append",
    "--new_layer",
    layerFile,
    "--new_tag",
    "localhost/it:latest",
    "--output",
    image,
  );
  await mkdir(join(clients.directory, "image"));
  await clients.run("tar", "-xf", image, "-C", join(clients.directory, "image"));
  return await largestFileIn(join(clients.directory, "image"));
}

async function addByUmoci(clients: Clients, layerFile: string): Promise<string> {
  await clients.run("umoci", "init", "--layout", "pushed");
  await clients.run("umoci", "new", "--image", "pushed:it");
  await clients.run("umoci", "raw", "add-layer", "--image", "pushed:it", layerFile);
  return await largestFileIn(join(clients.directory, "pushed", "blobs", "sha256"));
}

/** Writes the OCI layout `plain` with one image, `it`, whose only layer is the tar as it is. */
async function writePlainLayout({ directory }: Clients, layerFile: string): Promise<void> {
  const layout = join(directory, "plain");
  const blobs = join(layout, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const digest = await digestOf(layerFile);
  // Links save the copy where both are on one file system.
  await link(layerFile, join(blobs, digest)).catch(() => copyFile(layerFile, join(blobs, digest)));
  const put = async (mediaType: string, document: object): Promise<object> => {
    const text = JSON.stringify(document);
    const name = hash("sha256", text);
    await writeFile(join(blobs, name), text);
    return { mediaType, digest: `sha256:${name}`, size: text.length };
  };
  const diffIds = [`sha256:${digest}`];
  const config = await put(CONFIG, {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: diffIds },
    history: [{ created_by: "test" }],
  });
  const layer = { mediaType: TAR, digest: `sha256:${digest}`, size: (await stat(layerFile)).size };
  const manifest = await put(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config,
    layers: [layer],
  });
  const annotations = { "org.opencontainers.image.ref.name": "it" };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(layout, "index.json"), JSON.stringify(index));
  await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

async function largestFileIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const file = files[sizes.indexOf(Math.max(...sizes))];
  if (file === undefined) throw new Error(`there is no file in ${folder}`);
  return file;
}
