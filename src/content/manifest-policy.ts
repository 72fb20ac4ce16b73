/**
 * Which well-formed manifests this registry lets in: the `validation` section of the config, which is
 * the reference registry's, with wider defaults (foreign layers with URLs and sparse indexes pass).
 */
import type { Descriptor } from "../oci/descriptor.ts";
import type { Manifest } from "../oci/manifest.ts";
import { isNonDistributable } from "../oci/media-type.ts";
import { ManifestRefused } from "./errors.ts";

export interface ManifestPolicySettings {
  readonly disabled: boolean;
  /** RE2 patterns, unanchored. `undefined`: every http or https URL passes. */
  readonly urls:
    | { readonly allow: readonly string[]; readonly deny: readonly string[] }
    | undefined;
  /** Which children of an index must be there already. `undefined` and `none`: none of them. */
  readonly indexes:
    | "all"
    | "none"
    | readonly { readonly os: string; readonly architecture: string }[]
    | undefined;
}

export interface ManifestPolicy {
  /** @throws {ManifestRefused} */
  judge(manifest: Manifest): void;
  /** What the repository must hold for this manifest, as blobs; for an index, as blobs or manifests. */
  needs(manifest: Manifest): readonly Descriptor[];
}

export async function createManifestPolicy(
  settings: ManifestPolicySettings,
): Promise<ManifestPolicy> {
  const isAllowed = await urlRule(settings);
  return {
    judge(manifest) {
      if (settings.disabled) return;
      for (const layer of manifest.layers) {
        for (const url of layer.urls) judgeUrl(url, isAllowed);
      }
    },

    needs(manifest) {
      if (manifest.kind === "index") {
        const indexes = settings.disabled ? "none" : settings.indexes;
        return manifest.manifests.filter((child) => isRequired(child, indexes));
      }
      const layers = manifest.layers.filter(({ mediaType }) => !isNonDistributable(mediaType));
      return manifest.config === undefined ? layers : [manifest.config, ...layers];
    },
  };
}

/** The regular expressions are the operator's, the URLs anybody's: so the engine must be a linear one. */
async function urlRule(settings: ManifestPolicySettings): Promise<(url: string) => boolean> {
  if (settings.urls === undefined) return () => true;
  const { RE2JS } = await import("re2js");
  const allow = settings.urls.allow.map((pattern) => RE2JS.compile(pattern));
  const deny = settings.urls.deny.map((pattern) => RE2JS.compile(pattern));
  return (url) =>
    allow.some((pattern) => pattern.matcher(url).find()) &&
    !deny.some((pattern) => pattern.matcher(url).find());
}

function judgeUrl(text: string, isAllowed: (url: string) => boolean): void {
  const url = URL.parse(text);
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === null || !isWeb || url.hash !== "") {
    throw new ManifestRefused(`a layer's url is not an http or https URL without a fragment`);
  }
  if (!isAllowed(text)) throw new ManifestRefused("a layer's url is not allowed by this registry");
}

function isRequired(child: Descriptor, indexes: ManifestPolicySettings["indexes"]): boolean {
  if (indexes === undefined || indexes === "none") return false;
  if (indexes === "all") return true;
  return indexes.some(
    ({ os, architecture }) =>
      child.platform?.os === os && child.platform.architecture === architecture,
  );
}
