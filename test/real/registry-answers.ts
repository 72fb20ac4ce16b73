/** What tests read of a registry's documents. */
import { createHash } from "node:crypto";

/** The members of an image manifest or an index that tests look at. */
export interface ManifestDocument {
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: DescriptorDocument;
  readonly layers: readonly DescriptorDocument[];
  readonly manifests: readonly DescriptorDocument[];
}

/** A descriptor in such a document. */
interface DescriptorDocument {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly digest: string;
}

/** @returns the document; its shape is the test's business. */
export function parseManifest(text: string): ManifestDocument {
  return JSON.parse(text) as ManifestDocument;
}

/** @returns the digest as registries write it, with its algorithm in front. */
export function sha256Of(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** @returns the digests, in order. */
export function digestsOf(descriptors: readonly { readonly digest: string }[] = []): string[] {
  return descriptors.map(({ digest }) => digest);
}
