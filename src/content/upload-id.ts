/** Names of upload sessions. */
import { createHash, randomBytes } from "node:crypto";
import type { RepositoryName } from "../oci/repository-name.ts";

declare const brand: unique symbol;
/** A UUID in lower case: the reference registry purges only sessions that are named so. */
export type UploadId = string & { readonly [brand]: "UploadId" };

const GRAMMAR = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whom an upload belongs to: nobody else may go on with it. */
export interface UploadOwner {
  readonly repository: RepositoryName;
  /** The display name of who began it; empty for the anonymous. */
  readonly actor: string;
}

const RANDOM_BYTES = 10;

/**
 * A UUID of version 8 (RFC 9562 section 5.8): 74 random bits, and 48 by which it is told whose it is. So any
 * process can tell without a look into the store, and without a secret that all of them would have to share:
 * to go on with another's upload one would have to be called like them.
 */
export function newUploadId(owner: UploadOwner): UploadId {
  const random = randomBytes(RANDOM_BYTES);
  const id = formatUuid(Buffer.concat([random, ownerMark(random, owner)]));
  if (!isUploadId(id)) throw new TypeError(`unexpected form of UUID: ${id}`);
  return id;
}

/** Whether {@link newUploadId} made it for this owner. */
export function belongsTo(id: UploadId, owner: UploadOwner): boolean {
  const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
  const mark = ownerMark(withoutVersion(bytes.subarray(0, RANDOM_BYTES)), owner);
  return mark.equals(bytes.subarray(RANDOM_BYTES));
}

export function isUploadId(text: string): text is UploadId {
  return GRAMMAR.test(text);
}

/** Six bytes. Each part's length stands before it, so that no two owners look alike. */
function ownerMark(random: Uint8Array, { repository, actor }: UploadOwner): Buffer {
  const told = `${repository.length}:${repository}${actor}`;
  return createHash("sha256").update(withoutVersion(random)).update(told).digest().subarray(0, 6);
}

/** The bits that the version and variant take are no part of what is random. */
function withoutVersion(random: Uint8Array): Buffer {
  const bytes = Buffer.from(random);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes;
}

function formatUuid(bytes: Buffer): string {
  const hex = Buffer.concat([
    withoutVersion(bytes.subarray(0, RANDOM_BYTES)),
    bytes.subarray(RANDOM_BYTES),
  ]).toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
