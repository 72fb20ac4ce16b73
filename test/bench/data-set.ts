/** The data that all systems serve, written in the layout of the reference registry. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pseudoRandom } from "./pseudo-random.ts";

export const REPOSITORY = "bench/blobs";

/** Bytes that a file holds. */
export interface StoredBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly file: string;
}

export interface StoredImage {
  readonly tag: string;
  readonly manifest: StoredBlob;
  /** The config first. */
  readonly blobs: readonly StoredBlob[];
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const BINARY = "application/octet-stream";
const V2 = "docker/registry/v2";

export class DataSet {
  readonly directory: string;

  /** @param directory is made by the first blob. */
  constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes a blob unless a bench before has. The same seed gives the same bytes. */
  async blob(seed: number, sizeBytes: number): Promise<StoredBlob> {
    const note = join(this.directory, "made", `${seed}-${sizeBytes}`);
    const known = await readFile(note, "utf8").catch(() => undefined);
    if (known !== undefined) return { digest: known, sizeBytes, file: this.#blobFile(known) };
    const made = await this.#write(pseudoRandom(seed, { lengthBytes: sizeBytes }));
    await mkdir(join(this.directory, "made"), { recursive: true });
    await writeFile(note, made.digest);
    return made;
  }

  /** An image whose layers have the given sizes, and a tag that points to it. */
  async image(tag: string, layerBytes: readonly number[]): Promise<StoredImage> {
    const blobs: StoredBlob[] = [await this.blob(200 + layerBytes.length, 2000)];
    for (const [index, sizeBytes] of layerBytes.entries()) {
      blobs.push(await this.blob(100 + index, sizeBytes));
    }
    const [config, ...layers] = blobs.map(({ digest, sizeBytes }, index) => ({
      mediaType: `application/vnd.oci.image.${index === 0 ? "config.v1+json" : "layer.v1.tar"}`,
      digest,
      size: sizeBytes,
    }));
    const body = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers });
    const manifest = await this.#write([Buffer.from(body)]);
    const manifests = join(this.#repository(), "_manifests");
    const hex = manifest.digest.slice("sha256:".length);
    await writeLink(join(manifests, "revisions", "sha256", hex), manifest.digest);
    await writeLink(join(manifests, "tags", tag, "current"), manifest.digest);
    await writeLink(join(manifests, "tags", tag, "index", "sha256", hex), manifest.digest);
    return { tag, manifest, blobs };
  }

  async #write(pieces: Iterable<Buffer>): Promise<StoredBlob> {
    await mkdir(this.directory, { recursive: true });
    const fresh = join(this.directory, `fresh-${process.pid}`);
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const file = await open(fresh, "w");
    for (const piece of pieces) {
      hash.update(piece);
      sizeBytes += piece.length;
      await file.write(piece);
    }
    // What is not on disk cannot be dropped from the page cache.
    await file.sync();
    await file.close();
    const hex = hash.digest("hex");
    const digest = `sha256:${hex}`;
    await mkdir(join(this.#blobFile(digest), ".."), { recursive: true });
    await rename(fresh, this.#blobFile(digest));
    await writeLink(join(this.#repository(), "_layers", "sha256", hex), digest);
    return { digest, sizeBytes, file: this.#blobFile(digest) };
  }

  #repository(): string {
    return join(this.directory, V2, "repositories", REPOSITORY);
  }

  #blobFile(digest: string): string {
    const hex = digest.slice("sha256:".length);
    return join(this.directory, V2, "blobs", "sha256", hex.slice(0, 2), hex, "data");
  }
}

export function blobTarget({ digest }: StoredBlob): string {
  return `/v2/${REPOSITORY}/blobs/${digest}`;
}

export function manifestTarget(reference: string): string {
  return `/v2/${REPOSITORY}/manifests/${reference}`;
}

export const MANIFEST_HEADERS = { Accept: MANIFEST } as const;

/** Pushes what lies in files to a registry that keeps its data in another layout. */
export async function pushStored(
  origin: URL,
  blobs: readonly StoredBlob[],
  image?: StoredImage,
): Promise<void> {
  for (const blob of [...blobs, ...(image?.blobs ?? [])]) {
    const begin = new URL(`/v2/${REPOSITORY}/blobs/uploads/`, origin);
    const location = (await send(begin, "POST", {})).headers.get("location") ?? "";
    const target = new URL(location, origin);
    target.searchParams.set("digest", blob.digest);
    await send(target, "PUT", { blob });
  }
  if (image === undefined) return;
  await send(new URL(manifestTarget(image.tag), origin), "PUT", {
    blob: image.manifest,
    type: MANIFEST,
  });
}

async function send(
  url: URL,
  method: string,
  { blob, type }: { readonly blob?: StoredBlob; readonly type?: string },
): Promise<Response> {
  const body = blob === undefined ? null : ReadableStream.from(createReadStream(blob.file));
  const headers = {
    "Content-Type": type ?? BINARY,
    "Content-Length": String(blob?.sizeBytes ?? 0),
  };
  const response = await fetch(url, { method, headers, body, duplex: "half" } as RequestInit);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${method} was answered with ${response.status}`);
  return response;
}

async function writeLink(folder: string, digest: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "link"), digest);
}
