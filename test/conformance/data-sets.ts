/**
 * Whole images, indexes and artifacts as clients push them: blobs first, then manifests, then tags.
 * Each is made anew for every row, so that nothing of it is anywhere before the push.
 */
import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";

import {
  absentDigest,
  blobOf,
  descriptorOf,
  EXAMPLE_ARTIFACT_A,
  imageIndex,
  imageManifest,
  newBlob,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  type Algorithm,
  type Blob,
  type Descriptor,
  type ManifestDocument,
} from "./documents.ts";

export interface DataSet {
  readonly blobs: readonly Blob[];
  /** In the order in which they must be pushed. */
  readonly manifests: readonly ManifestDocument[];
  /** Tag -> the manifest that it names. */
  readonly tags: ReadonlyMap<string, ManifestDocument>;
  /** Tags go in the query of the push by digest instead of pushes of their own. */
  readonly pushesTagsByQuery: boolean;
  /** Subject's digest -> what the registry must list for it. */
  readonly referrers: ReadonlyMap<string, readonly Descriptor[]>;
}

/** Collects a data set while its documents are written. */
export class DataSetBuilder {
  readonly #blobs: Blob[] = [];
  readonly #manifests: ManifestDocument[] = [];
  readonly #tags = new Map<string, ManifestDocument>();
  readonly #referrers = new Map<string, Descriptor[]>();
  readonly #algorithm: Algorithm;

  constructor(algorithm: Algorithm = "sha256") {
    this.#algorithm = algorithm;
  }

  /** @returns a descriptor of a blob that will be pushed. */
  blob(bytes: Uint8Array | string, mediaType: string): Descriptor {
    const blob = blobOf(bytes, this.#algorithm);
    this.#blobs.push(blob);
    return descriptorOf(blob, mediaType);
  }

  /** A config that tells of the layers, as image tools write it. */
  config(members: Readonly<Record<string, unknown>> = {}): Descriptor {
    const value = {
      created: "2026-01-02T03:04:05Z",
      architecture: "amd64",
      os: "linux",
      config: { Labels: { unique: randomUUID() } },
      rootfs: { type: "layers", diff_ids: [absentDigest(), absentDigest()] },
      ...members,
    };
    return this.blob(JSON.stringify(value), OCI_CONFIG);
  }

  /** @param sizeBytes before compression. */
  layer(mediaType: string = OCI_LAYER_GZIP, sizeBytes = 2000): Descriptor {
    const { bytes } = newBlob(sizeBytes);
    return this.blob(mediaType.endsWith("+gzip") ? gzipSync(bytes) : bytes, mediaType);
  }

  image(members: Readonly<Record<string, unknown>> = {}): ManifestDocument {
    const layers = [this.layer(), this.layer()];
    return this.manifest({ config: this.config(), layers, ...members });
  }

  /** An image manifest of exactly these members besides version and type. */
  manifest(members: Readonly<Record<string, unknown>>): ManifestDocument {
    const { config, layers, ...rest } = members;
    const parts = { config: config as Descriptor, layers: layers as Descriptor[], members: rest };
    return this.#add(imageManifest({ ...parts, algorithm: this.#algorithm }));
  }

  /** An artifact with the empty config and one blob of its type, or those that `members` name. */
  artifact(
    artifactType: string,
    members: Readonly<Record<string, unknown>> = {},
  ): ManifestDocument {
    const config = this.blob("{}", OCI_EMPTY);
    const layers = [this.blob(newBlob(150).bytes, artifactType)];
    return this.manifest({ artifactType, config, layers, ...members });
  }

  index(
    manifests: readonly ManifestDocument[],
    members: Readonly<Record<string, unknown>> = {},
  ): ManifestDocument {
    const architectures = ["amd64", "arm64"];
    const descriptors = manifests.map((child, at) =>
      descriptorOf(child, child.mediaType, {
        platform: { os: "linux", architecture: architectures[at % 2] ?? "" },
      }),
    );
    const annotations = { unique: randomUUID() };
    const all = { annotations, ...members };
    return this.#add(
      imageIndex({ manifests: descriptors, members: all, algorithm: this.#algorithm }),
    );
  }

  /** What the registry must list under the document's subject. */
  refers(document: ManifestDocument, artifactType?: string): this {
    const { annotations } = JSON.parse(document.bytes.toString("utf8")) as Partial<Descriptor>;
    const extra = { ...(artifactType && { artifactType }), ...(annotations && { annotations }) };
    const list = this.#referrers.get(document.subject ?? "") ?? [];
    const descriptor = descriptorOf(document, document.mediaType, extra);
    this.#referrers.set(document.subject ?? "", [...list, descriptor]);
    return this;
  }

  tag(document: ManifestDocument, ...tags: readonly string[]): this {
    for (const tag of tags) this.#tags.set(tag, document);
    return this;
  }

  build(options: { readonly pushesTagsByQuery?: boolean } = {}): DataSet {
    return {
      blobs: this.#blobs,
      manifests: this.#manifests,
      tags: this.#tags,
      referrers: this.#referrers,
      pushesTagsByQuery: options.pushesTagsByQuery ?? false,
    };
  }

  #add(document: ManifestDocument): ManifestDocument {
    this.#manifests.push(document);
    return document;
  }
}

/** Two images and their index. */
export function multiPlatform(
  set: DataSetBuilder,
  members: Readonly<Record<string, unknown>> = {},
): ManifestDocument {
  return set.index([set.image(), set.image()], members);
}

export function imageUncompressed(): DataSet {
  const set = new DataSetBuilder();
  const image = set.manifest({
    config: set.config(),
    layers: [set.layer(OCI_LAYER), set.layer(OCI_LAYER)],
  });
  return set.tag(image, "image-uncompressed").build();
}

/** About 3.9 MB of annotations: below the 4 MB that every registry should take. */
export function largeManifest(): DataSet {
  const set = new DataSetBuilder();
  const pairs = Array.from({ length: 390 }, (_, at) => [
    `org.example.fill-${at}`,
    "A".repeat(10_000),
  ]);
  return set.tag(set.image({ annotations: Object.fromEntries(pairs) }), "large-manifest").build();
}

export function artifactIndex(): DataSet {
  const set = new DataSetBuilder();
  const children = [set.artifact(EXAMPLE_ARTIFACT_A), set.artifact(EXAMPLE_ARTIFACT_A)];
  const index = set.index(children, { artifactType: EXAMPLE_ARTIFACT_A });
  return set.tag(index, "artifact-index").build();
}

export function indexWithSubject(): DataSet {
  const set = new DataSetBuilder();
  const subject = multiPlatform(set);
  const children = [set.artifact(EXAMPLE_ARTIFACT_A), set.artifact(EXAMPLE_ARTIFACT_A)];
  const reference = descriptorOf(subject, OCI_INDEX);
  const members = { artifactType: EXAMPLE_ARTIFACT_A, subject: reference };
  const referrer = set.index(children, members);
  set.tag(subject, "index").tag(referrer, "tagged-artifact");
  return set.refers(referrer, EXAMPLE_ARTIFACT_A).build();
}

export function missingSubject(): DataSet {
  const set = new DataSetBuilder();
  const subject = { mediaType: OCI_IMAGE, digest: absentDigest(), size: 123 };
  const annotations = { "org.example.note": "its subject was never pushed" };
  const artifact = set.artifact(EXAMPLE_ARTIFACT_A, { annotations, subject });
  return set.tag(artifact, "tagged-artifact").refers(artifact, EXAMPLE_ARTIFACT_A).build();
}

/** Descriptors that carry their content besides naming it. */
export function dataField(): DataSet {
  const set = new DataSetBuilder();
  const text = JSON.stringify({ unique: randomUUID() });
  const data = Buffer.from(text).toString("base64");
  const config = { ...set.blob(text, OCI_CONFIG), data };
  return set.tag(set.manifest({ config, layers: [set.layer()] }), "data-field").build();
}

export function nonDistributableLayers(): DataSet {
  const set = new DataSetBuilder();
  const away = ["", "+gzip"].map((suffix) => ({
    mediaType: `application/vnd.oci.image.layer.nondistributable.v1.tar${suffix}`,
    digest: absentDigest(),
    size: 123_456,
    urls: ["https://store.example.com/layers/1"],
  }));
  const image = set.manifest({ config: set.config(), layers: [...away, set.layer()] });
  return set.tag(image, "non-distributable").build();
}

/** Members that no spec knows, in the config, the manifests and the index. */
export function customFields(): DataSet {
  const set = new DataSetBuilder();
  const extra = { "org.example.custom": { "deeply odd": [1, "two", { three: 3.5 }] } };
  const one = set.manifest({ ...extra, config: set.config(extra), layers: [set.layer()] });
  const other = set.manifest({
    ...extra,
    config: set.config(extra),
    layers: [{ ...set.layer(), ...extra }],
  });
  return set.tag(set.index([one, other], extra), "custom-fields").build();
}
