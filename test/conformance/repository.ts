/** One repository of the registry under test, in the client's words. */
import assert from "node:assert/strict";

import type { Answer, RegistryClient, RequestParts } from "./client.ts";
import {
  DOCKER_IMAGE,
  DOCKER_LIST,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCTET_STREAM,
  descriptorOf,
  imageManifest,
  newBlob,
  type Algorithm,
  type Blob,
  type ImageParts,
  type ManifestDocument,
} from "./documents.ts";
import { expectStatus } from "./expectations.ts";
import { UploadSession } from "./upload-session.ts";

export const UPLOAD_STYLES = ["post only", "post and put", "streamed", "chunked"] as const;
export type UploadStyle = (typeof UPLOAD_STYLES)[number];

const ACCEPT = [OCI_IMAGE, OCI_INDEX, DOCKER_IMAGE, DOCKER_LIST];

export interface TagList {
  readonly name: string;
  readonly tags: readonly string[];
}

export class Repository {
  readonly name: string;
  readonly #client: RegistryClient;

  constructor(client: RegistryClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** @returns the repository `<name>/<suffix>`; the suffix goes out as it is. */
  below(suffix: string): Repository {
    return new Repository(this.#client, `${this.name}/${suffix}`);
  }

  /** @param suffix what stands behind `/v2/<name>/`. */
  async send(method: string, suffix: string, parts: RequestParts = {}): Promise<Answer> {
    return this.#client.send(method, `/v2/${this.name}/${suffix}`, parts);
  }

  async getBlob(digest: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send("GET", `blobs/${digest}`, { headers, followsRedirects: true });
  }

  async headBlob(digest: string): Promise<Answer> {
    return this.send("HEAD", `blobs/${digest}`, { followsRedirects: true });
  }

  /** @param query with its question mark. */
  async postUpload(query = "", parts: RequestParts = {}): Promise<Answer> {
    return this.send("POST", `blobs/uploads/${query}`, parts);
  }

  /** Opens a session; fails the row when there is none. */
  async startUpload(query = ""): Promise<UploadSession> {
    const started = await this.postUpload(query);
    expectStatus(started, 202);
    return new UploadSession(this.#client, started);
  }

  /** `POST ?digest=` with the whole blob in it. */
  async postBlob(blob: Blob): Promise<Answer> {
    const headers = { "content-type": OCTET_STREAM };
    return this.postUpload(`?digest=${blob.digest}`, { headers, body: blob.bytes });
  }

  /** Pushes a blob in one of the ways a registry may be asked; fails the row unless it is stored. */
  async pushBlob(blob: Blob, style: UploadStyle = "post and put"): Promise<Blob> {
    const stored =
      style === "post only" ? await this.#postOrPut(blob) : await this.#upload(blob, style);
    expectStatus(stored, 201);
    return blob;
  }

  /** The spec lets a registry answer 202 to a POST with a body, and the client then goes on with PUT. */
  async #postOrPut(blob: Blob): Promise<Answer> {
    const posted = await this.postBlob(blob);
    if (posted.status !== 202) return posted;
    return new UploadSession(this.#client, posted).finish(blob.digest, { bytes: blob.bytes });
  }

  async #upload(blob: Blob, style: Exclude<UploadStyle, "post only">): Promise<Answer> {
    const session = await this.startUpload();
    if (style === "post and put") return session.finish(blob.digest, { bytes: blob.bytes });
    const half = Math.ceil(blob.bytes.byteLength / 2);
    const [head, tail] = [blob.bytes.subarray(0, half), blob.bytes.subarray(half)];
    if (style === "streamed") {
      expectStatus(await session.stream([head, tail]), 202);
      return session.finish(blob.digest);
    }
    expectStatus(await session.patch({ bytes: head, startBytes: 0 }), 202);
    return session.finish(
      blob.digest,
      tail.byteLength > 0 ? { bytes: tail, startBytes: half } : undefined,
    );
  }

  /** @param reference may carry a query. */
  async putManifest(
    document: ManifestDocument,
    reference: string = document.digest,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const all = { "content-type": document.mediaType, ...headers };
    return this.send("PUT", `manifests/${reference}`, { headers: all, body: document.bytes });
  }

  /** Fails the row unless the manifest is stored. */
  async pushManifest(
    document: ManifestDocument,
    ...references: readonly string[]
  ): Promise<ManifestDocument> {
    for (const reference of references.length > 0 ? references : [document.digest]) {
      expectStatus(await this.putManifest(document, reference), 201);
    }
    return document;
  }

  /** @param headers replace the usual Accept when they name one. */
  async getManifest(reference: string, headers: RequestParts["headers"] = {}): Promise<Answer> {
    return this.send("GET", `manifests/${reference}`, { headers: { accept: ACCEPT, ...headers } });
  }

  async headManifest(reference: string): Promise<Answer> {
    return this.send("HEAD", `manifests/${reference}`, { headers: { accept: ACCEPT } });
  }

  /** GET without any Accept header, as curl does with `-H Accept:`. */
  async getManifestPlainly(reference: string): Promise<Answer> {
    return this.send("GET", `manifests/${reference}`);
  }

  /** Pushes a config and a layer of a few random bytes; nothing else has them. */
  async pushImageBlobs(algorithm: Algorithm = "sha256"): Promise<ImageParts> {
    const config = await this.pushBlob(newBlob(120, algorithm));
    const layer = await this.pushBlob(newBlob(300, algorithm));
    return {
      config: descriptorOf(config, OCI_CONFIG),
      layers: [descriptorOf(layer, OCI_LAYER_GZIP)],
      algorithm,
    };
  }

  /** Pushes an image that nobody else has, by these tags, or by its digest when none is given. */
  async pushImage(...tags: readonly string[]): Promise<ManifestDocument> {
    return this.pushManifest(imageManifest(await this.pushImageBlobs()), ...tags);
  }

  /** @param query with its question mark. */
  async listTags(query = ""): Promise<Answer> {
    return this.send("GET", `tags/list${query}`);
  }

  /** The tags of a list answer that must be good. */
  async tags(query = ""): Promise<readonly string[]> {
    const answer = await this.listTags(query);
    expectStatus(answer, 200);
    const list = answer.json() as TagList;
    assert.equal(list.name, this.name);
    assert.ok(Array.isArray(list.tags), `tags of ${answer.request} is a list`);
    return list.tags;
  }

  /** @param query with its question mark. */
  async listReferrers(digest: string, query = ""): Promise<Answer> {
    return this.send("GET", `referrers/${digest}${query}`);
  }
}
