/** What the content store throws, one class per case that a caller tells apart. */
import type { Digest } from "../oci/digest.ts";
import { formatReference, type Reference, type Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";

export type ContentError =
  | BlobUnknown
  | DigestMismatch
  | ManifestIncomplete
  | ManifestRefused
  | ManifestUnknown
  | NameUnknown
  | StoredBytesDamaged
  | TagExists
  | UploadOutOfOrder
  | UploadUnknown;

/** The repository holds no such blob. */
export class BlobUnknown extends Error {
  readonly kind = "BlobUnknown";
  readonly digest: Digest;
  constructor(digest: Digest, options?: ErrorOptions) {
    super(`blob ${digest} is not in this repository`, options);
    this.digest = digest;
  }
}

/** The bytes that arrived have another digest than the client said. Nothing of them is kept. */
export class DigestMismatch extends Error {
  readonly kind = "DigestMismatch";
  readonly expected: Digest;
  readonly actual: Digest;
  constructor(expected: Digest, actual: Digest) {
    super(`the bytes have digest ${actual}, not ${expected}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** The manifest names blobs or manifests that the repository does not hold. Push them first. */
export class ManifestIncomplete extends Error {
  readonly kind = "ManifestIncomplete";
  readonly missing: readonly Digest[];
  constructor(missing: readonly Digest[]) {
    super(`the repository lacks ${missing.length} of what the manifest needs`);
    this.missing = missing;
  }
}

/** The manifest is well-formed, but this registry's rules (`validation`) do not let it in. */
export class ManifestRefused extends Error {
  readonly kind = "ManifestRefused";
}

export class ManifestUnknown extends Error {
  readonly kind = "ManifestUnknown";
  readonly reference: Reference;
  constructor(reference: Reference) {
    super(`manifest ${formatReference(reference)} is not in this repository`);
    this.reference = reference;
  }
}

export class NameUnknown extends Error {
  readonly kind = "NameUnknown";
  readonly repository: RepositoryName;
  constructor(repository: RepositoryName) {
    super(`repository ${repository} is not known`);
    this.repository = repository;
  }
}

/** What lies in the store is not what its digest says. Pushing it again heals it. */
export class StoredBytesDamaged extends Error {
  readonly kind = "StoredBytesDamaged";
  readonly digest: Digest;
  constructor(digest: Digest) {
    super(`the stored bytes of ${digest} are damaged`);
    this.digest = digest;
  }
}

/** The tag points to another manifest, and whoever pushes may create tags but not move them. */
export class TagExists extends Error {
  readonly kind = "TagExists";
  readonly tag: Tag;
  constructor(tag: Tag) {
    super(`the tag ${tag} exists, and moving it takes the right to overwrite`);
    this.tag = tag;
  }
}

/** The chunk does not begin where the upload ends. The session goes on from `sizeBytes`. */
export class UploadOutOfOrder extends Error {
  readonly kind = "UploadOutOfOrder";
  readonly sizeBytes: number;
  constructor(sizeBytes: number, options?: ErrorOptions) {
    super(`the upload holds ${sizeBytes} bytes`, options);
    this.sizeBytes = sizeBytes;
  }
}

/** There is no such upload in this repository: never begun, finished, cancelled or purged. */
export class UploadUnknown extends Error {
  readonly kind = "UploadUnknown";
  constructor() {
    super("the upload is not known in this repository; begin a new one");
  }
}
