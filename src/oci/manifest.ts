/**
 * Manifests and indexes as a registry must understand them: what they need and what they refer to.
 *
 * Specs: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md,
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
 */
import { type JsonLimits, JsonRefused, parseStrictJson } from "../lib/strict-json.ts";
import {
  type Descriptor,
  DescriptorInvalid,
  isJsonObject,
  type JsonObject,
  optionalList,
  optionalText,
  parseDescriptor,
} from "./descriptor.ts";
import {
  essenceOf,
  isDockerType,
  type ManifestKind,
  manifestKindOf,
  OCI_INDEX,
  OCI_MANIFEST,
} from "./media-type.ts";

/** The spec asks for at least 4 MB; clients refuse more. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Layers of an image or children of an index. */
export const MAX_DESCRIPTORS = 10_000;

const JSON_LIMITS: JsonLimits = { maxDepth: 64, maxValues: 250_000 };

export interface Manifest {
  /** What the document is served as. */
  readonly mediaType: string;
  readonly kind: ManifestKind;
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
  /** Children of an index. */
  readonly manifests: readonly Descriptor[];
  readonly subject: Descriptor | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** The document breaks the spec; the text is made for the client. */
export class ManifestInvalid extends Error {
  readonly kind = "ManifestInvalid";
}

/**
 * @param contentType the header of the push; the document's own `mediaType` must agree with it, so
 * that the same bytes are never two things (CVE-2021-41190). Left out for documents already stored.
 * @throws {ManifestInvalid}
 */
export function parseManifest(bytes: Uint8Array, contentType?: string): Manifest {
  const document = parseDocument(bytes);
  const mediaType = mediaTypeOf(document, contentType);
  const kind = manifestKindOf(mediaType);
  if (kind === undefined) throw new ManifestInvalid(`${mediaType} is not the type of a manifest`);
  refuseConfusion(document, kind);
  try {
    return { mediaType, kind, ...membersOf(document, kind) };
  } catch (cause) {
    if (cause instanceof DescriptorInvalid) throw new ManifestInvalid(cause.message, { cause });
    throw cause;
  }
}

function parseDocument(bytes: Uint8Array): JsonObject {
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new ManifestInvalid(`larger than ${MAX_MANIFEST_BYTES} bytes`);
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const document = parseStrictJson(text, JSON_LIMITS);
    if (isJsonObject(document)) return document;
  } catch (cause) {
    const reason = cause instanceof JsonRefused ? cause.message : "not UTF-8";
    throw new ManifestInvalid(`the manifest is refused: ${reason}`, { cause });
  }
  throw new ManifestInvalid("the manifest is not a JSON object");
}

function mediaTypeOf(document: JsonObject, contentType: string | undefined): string {
  if (document["schemaVersion"] !== 2) throw new ManifestInvalid("schemaVersion is not 2");
  const declared = document["mediaType"] ?? "";
  if (typeof declared !== "string") throw new ManifestInvalid("mediaType is not a string");
  const pushedAs = contentType === undefined ? "" : essenceOf(contentType);
  if (pushedAs === "") return declared === "" ? guessedType(document) : declared;
  refuseDisagreement(declared, pushedAs);
  return pushedAs;
}

/** Docker's types must be declared in the document; OCI's may be. */
function refuseDisagreement(declared: string, pushedAs: string): void {
  if (declared === pushedAs) return;
  if (declared !== "") {
    throw new ManifestInvalid(`mediaType is ${declared}, but Content-Type is ${pushedAs}`);
  }
  if (isDockerType(pushedAs)) {
    throw new ManifestInvalid(`mediaType is missing; ${pushedAs} must say it`);
  }
}

/** As the reference registry guesses for documents without a `mediaType`. */
function guessedType(document: JsonObject): string {
  return Array.isArray(document["manifests"]) ? OCI_INDEX : OCI_MANIFEST;
}

function refuseConfusion(document: JsonObject, kind: ManifestKind): void {
  const foreign = kind === "image" ? ["manifests"] : ["config", "layers"];
  for (const member of [...foreign, "fsLayers", "history"]) {
    if (document[member] !== undefined && document[member] !== null) {
      throw new ManifestInvalid(`a document of this type must not have ${member}`);
    }
  }
}

function membersOf(document: JsonObject, kind: ManifestKind): Omit<Manifest, "mediaType" | "kind"> {
  if (kind === "image" && document["config"] === undefined) {
    throw new ManifestInvalid("config is missing");
  }
  return {
    config: optionalDescriptor(document["config"], "config"),
    layers: descriptors(document["layers"], "layers"),
    manifests: descriptors(document["manifests"], "manifests"),
    subject: optionalDescriptor(document["subject"], "subject"),
    artifactType: optionalText(document["artifactType"], "artifactType"),
    annotations: annotationsOf(document["annotations"]),
  };
}

function optionalDescriptor(value: unknown, where: string): Descriptor | undefined {
  return value === undefined || value === null ? undefined : parseDescriptor(value, where);
}

function descriptors(value: unknown, where: string): readonly Descriptor[] {
  const list = optionalList(value, where);
  if (list.length > MAX_DESCRIPTORS) {
    throw new ManifestInvalid(`${where} has more than ${MAX_DESCRIPTORS} entries`);
  }
  return list.map((item, index) => parseDescriptor(item, `${where}[${index}]`));
}

function annotationsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw new ManifestInvalid("annotations is not an object");
  const entries = Object.entries(value).map(([name, text]): [string, string] => {
    if (typeof text !== "string") throw new ManifestInvalid(`annotation ${name} is not a string`);
    return [name, text];
  });
  return Object.fromEntries(entries);
}
