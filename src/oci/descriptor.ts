/**
 * Descriptors: how one document names another.
 *
 * Spec: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
 */
import { type Digest, isDigest } from "./digest.ts";

export interface Platform {
  readonly architecture: string;
  readonly os: string;
}

/** The members that Barge reads. The document itself is kept byte for byte, with all others. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly urls: readonly string[];
  readonly platform: Platform | undefined;
  readonly artifactType: string | undefined;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A member that breaks the rules of the spec; the text is made for the client. */
export class DescriptorInvalid extends Error {
  readonly kind = "DescriptorInvalid";
}

/**
 * @param where the member's name, for the message: `layers[3]`.
 * @throws {DescriptorInvalid} also when the digest's algorithm is one that we cannot verify.
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isJsonObject(value)) throw new DescriptorInvalid(`${where} is not an object`);
  const { mediaType, digest, size } = value;
  if (typeof digest !== "string" || !isDigest(digest)) {
    throw new DescriptorInvalid(`${where}.digest is not a sha256 or sha512 digest`);
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw new DescriptorInvalid(`${where}.size is not a whole number of bytes`);
  }
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest,
    sizeBytes: size,
    urls: texts(value["urls"], `${where}.urls`),
    platform: platformOf(value["platform"]),
    artifactType: optionalText(value["artifactType"], `${where}.artifactType`),
  };
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws {DescriptorInvalid} when the member is there and is not a string. */
export function optionalText(value: unknown, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new DescriptorInvalid(`${where} is not a string`);
  return value;
}

/** A missing or null list is an empty one: Go programs write `null` for it. @throws {DescriptorInvalid} */
export function optionalList(value: unknown, where: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new DescriptorInvalid(`${where} is not a list`);
  return value;
}

function texts(value: unknown, where: string): readonly string[] {
  return optionalList(value, where).map((item, index) => {
    if (typeof item !== "string") throw new DescriptorInvalid(`${where}[${index}] is not a string`);
    return item;
  });
}

function platformOf(value: unknown): Platform | undefined {
  if (!isJsonObject(value)) return undefined;
  const { architecture, os } = value;
  return typeof architecture === "string" && typeof os === "string"
    ? { architecture, os }
    : undefined;
}
