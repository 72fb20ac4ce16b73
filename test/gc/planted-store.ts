import {
  blobData,
  layerLink,
  referrerEntry,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
  uploadStartedAt,
} from "../../src/content/layout.ts";
import { isUploadId, type UploadId } from "../../src/content/upload-id.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import {
  DOCKER_LIST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../../src/oci/media-type.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { parseRepositoryName, type RepositoryName } from "../../src/oci/repository-name.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";

/** A descriptor as it stands in a document. */
export interface Planted {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface ImageParts {
  readonly config?: Planted;
  readonly layers?: readonly Planted[];
  readonly subject?: Planted;
}

const signal = new AbortController().signal;

/** Puts things into a store by their keys, so that a test may leave out or spoil any of them. */
export class PlantedStore {
  readonly driver: StorageDriver;

  constructor(driver: StorageDriver) {
    this.driver = driver;
  }

  async put(key: string, content: string | Uint8Array): Promise<void> {
    await this.driver.write(key, Buffer.from(content), { signal });
  }

  async remove(key: string): Promise<void> {
    await this.driver.delete(key, { signal });
  }

  async has(key: string): Promise<boolean> {
    return (await this.driver.stat(key, { signal })) !== undefined;
  }

  /** Data that no repository links. */
  async data(content: string): Promise<Digest> {
    const digest = digestOf(Buffer.from(content));
    await this.put(blobData(digest), content);
    return digest;
  }

  async blob(repository: string, content: string, mediaType = OCI_LAYER_GZIP): Promise<Planted> {
    const digest = await this.data(content);
    await this.put(layerLink(repo(repository), digest), digest);
    return { mediaType, digest, size: Buffer.byteLength(content) };
  }

  /** A blob that clients know by its sha512. */
  async blobBySha512(repository: string, content: string): Promise<Planted> {
    const { digest: sha256, ...blob } = await this.blob(repository, content);
    const digest = digestOf(Buffer.from(content), "sha512");
    await this.put(layerLink(repo(repository), digest), sha256);
    return { ...blob, digest };
  }

  /** Any document as a manifest of the repository. */
  async manifest(repository: string, document: object): Promise<Planted> {
    const content = JSON.stringify(document);
    const digest = await this.data(content);
    await this.put(revisionLink(repo(repository), digest), digest);
    const { mediaType = OCI_MANIFEST } = document as { readonly mediaType?: string };
    return { mediaType, digest, size: Buffer.byteLength(content) };
  }

  /** An image with what it needs; a config of its own when none is given. */
  async image(repository: string, name: string, parts: ImageParts = {}): Promise<Planted> {
    const config = parts.config ?? (await this.blob(repository, `config of ${name}`, OCI_CONFIG));
    const layers = parts.layers ?? [];
    const { subject } = parts;
    const image = await this.manifest(repository, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config,
      layers,
      ...(subject && { subject }),
    });
    if (subject !== undefined) await this.referrer(repository, subject.digest, image);
    return image;
  }

  async index(repository: string, children: readonly Planted[], docker = false): Promise<Planted> {
    const mediaType = docker ? DOCKER_LIST : OCI_INDEX;
    return this.manifest(repository, { schemaVersion: 2, mediaType, manifests: children });
  }

  async referrer(repository: string, subject: Digest, referrer: Planted): Promise<string> {
    const key = referrerEntry(repo(repository), subject, referrer.digest);
    await this.put(key, JSON.stringify(referrer));
    return key;
  }

  async tag(
    repository: string,
    tag: string,
    { digest }: { readonly digest: Digest },
  ): Promise<void> {
    await this.put(tagIndexLink(repo(repository), parseTag(tag), digest), digest);
    await this.put(tagCurrentLink(repo(repository), parseTag(tag)), digest);
  }

  async upload(repository: string, id: string, startedAt: string): Promise<void> {
    await this.put(uploadStartedAt(repo(repository), uploadId(id)), startedAt);
  }

  /** Every key, in order. */
  async keys(prefix = ""): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const { kind, name } of this.driver.list(prefix, { signal })) {
      const key = prefix === "" ? name : `${prefix}/${name}`;
      if (kind === "object") keys.push(key);
      else keys.push(...(await this.keys(key)));
    }
    return keys.toSorted();
  }
}

export function repo(name: string): RepositoryName {
  return parseRepositoryName(name);
}

export function uploadId(text: string): UploadId {
  if (!isUploadId(text)) throw new TypeError(`not a UUID: ${text}`);
  return text;
}
