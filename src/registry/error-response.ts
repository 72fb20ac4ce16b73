/**
 * The one place that turns errors into HTTP: a table from the kind of an error to status and code.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes. The codes
 * from RANGE_INVALID on are the reference registry's own.
 */
import { accessItems } from "../auth/challenge.ts";
import type { AuthError } from "../auth/errors.ts";
import type { ContentError } from "../content/errors.ts";
import type { TakenOver } from "../lib/takeover-lock.ts";
import type { InvalidDigest } from "../oci/digest.ts";
import type { ErrorCode } from "../oci/error-code.ts";
import type { ManifestInvalid } from "../oci/manifest.ts";
import type { InvalidTag } from "../oci/reference.ts";
import type { InvalidName } from "../oci/repository-name.ts";
import type { StorageError } from "../storage/errors.ts";
import type { Answer } from "./answer.ts";
import type { AuthenticationRequired, EdgeError } from "./errors.ts";

export type KnownError =
  | AuthError
  | ContentError
  | EdgeError
  | InvalidDigest
  | InvalidName
  | InvalidTag
  | ManifestInvalid
  | StorageError
  | TakenOver;

interface Row {
  readonly status: number;
  readonly code: ErrorCode;
}

const ROWS = {
  BlobUnknown: { status: 404, code: "BLOB_UNKNOWN" },
  DigestMismatch: { status: 400, code: "DIGEST_INVALID" },
  ManifestIncomplete: { status: 400, code: "MANIFEST_BLOB_UNKNOWN" },
  ManifestInvalid: { status: 400, code: "MANIFEST_INVALID" },
  ManifestRefused: { status: 400, code: "MANIFEST_INVALID" },
  ManifestUnknown: { status: 404, code: "MANIFEST_UNKNOWN" },
  NameUnknown: { status: 404, code: "NAME_UNKNOWN" },
  StoredBytesDamaged: { status: 500, code: "UNKNOWN" },
  UploadOutOfOrder: { status: 416, code: "RANGE_INVALID" },
  UploadUnknown: { status: 404, code: "BLOB_UPLOAD_UNKNOWN" },
  InvalidDigest: { status: 400, code: "DIGEST_INVALID" },
  InvalidName: { status: 400, code: "NAME_INVALID" },
  InvalidTag: { status: 400, code: "TAG_INVALID" },
  AuthenticationRequired: { status: 401, code: "UNAUTHORIZED" },
  // The gate turns these into the one above, with a challenge.
  CredentialsRefused: { status: 401, code: "UNAUTHORIZED" },
  TooManyAttempts: { status: 429, code: "TOOMANYREQUESTS" },
  AuthUnavailable: { status: 503, code: "UNAVAILABLE" },
  Denied: { status: 403, code: "DENIED" },
  TagExists: { status: 403, code: "DENIED" },
  AmbiguousRequest: { status: 400, code: "UNSUPPORTED" },
  BodyTooLarge: { status: 413, code: "MANIFEST_INVALID" },
  ChunkRangeInvalid: { status: 416, code: "RANGE_INVALID" },
  LengthMismatch: { status: 400, code: "SIZE_INVALID" },
  MethodNotAllowed: { status: 405, code: "UNSUPPORTED" },
  Overloaded: { status: 503, code: "UNAVAILABLE" },
  PreconditionFailed: { status: 412, code: "UNSUPPORTED" },
  RangeNotSatisfiable: { status: 416, code: "RANGE_INVALID" },
  RouteUnknown: { status: 404, code: "UNSUPPORTED" },
  TransferCodingUnknown: { status: 501, code: "UNSUPPORTED" },
  Unhealthy: { status: 503, code: "UNAVAILABLE" },
  Unsupported: { status: 405, code: "UNSUPPORTED" },
  TakenOver: { status: 409, code: "BLOB_UPLOAD_INVALID" },
  // The content store translates these three; one that arrives here is a bug.
  ObjectNotFound: { status: 500, code: "UNKNOWN" },
  ObjectExists: { status: 500, code: "UNKNOWN" },
  InvalidKey: { status: 500, code: "UNKNOWN" },
  StagedOutOfOrder: { status: 416, code: "RANGE_INVALID" },
  StorageUnavailable: { status: 503, code: "UNAVAILABLE" },
} as const satisfies Record<Exclude<KnownError["kind"], "BadRequest">, Row>;

/** Texts of our own faults, and of why a password is wrong, are for the log: the client gets these. */
const HIDDEN: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  ["UNKNOWN", "unknown error"],
  ["UNAVAILABLE", "service unavailable, try again later"],
  ["UNAUTHORIZED", "authentication required"],
]);

/** Any error at all: one that is not in the table is ours, answers 500 and tells nothing. */
export function toErrorAnswer(error: unknown): Answer {
  if (!isKnown(error)) return answer({ status: 500, code: "UNKNOWN" }, "unknown error");
  if (error.kind === "BadRequest") {
    return answer({ status: 400, code: error.code }, error.message, error.detail);
  }
  const row = ROWS[error.kind];
  const headers = headersOf(error);
  if (error.kind === "ManifestIncomplete") {
    const details = error.missing.map((detail) => ({
      message: "blob unknown to registry",
      detail,
    }));
    return { status: row.status, headers, body: errorBody(row.code, details) };
  }
  const hidden = error.kind === "Unhealthy" ? undefined : HIDDEN.get(row.code);
  const message = hidden ?? error.message;
  return { ...answer(row, message, detailOf(error)), headers };
}

/** The code by which a client is told of the error. */
export function errorCodeOf(error: unknown): ErrorCode {
  if (!isKnown(error)) return "UNKNOWN";
  return error.kind === "BadRequest" ? error.code : ROWS[error.kind].code;
}

function answer(row: Row, message: string, detail?: unknown): Answer {
  const item = { message, ...(detail !== undefined && { detail }) };
  return { status: row.status, headers: {}, body: errorBody(row.code, [item]) };
}

function errorBody(
  code: ErrorCode,
  items: readonly { readonly message: string; readonly detail?: unknown }[],
): Answer["body"] {
  const errors = items.map((item) => ({ code, ...item }));
  return { contentType: "application/json", bytes: Buffer.from(`${JSON.stringify({ errors })}\n`) };
}

function headersOf(error: Exclude<KnownError, { kind: "BadRequest" }>): Record<string, string> {
  if (error.kind === "AuthenticationRequired") return challengeOf(error);
  if (error.kind === "TooManyAttempts") return { "Retry-After": String(error.retryAfterSeconds) };
  if (error.kind === "MethodNotAllowed") return { Allow: error.allow.join(", ") };
  if (error.kind === "RangeNotSatisfiable")
    return { "Content-Range": `bytes */${error.sizeBytes}` };
  if (error.kind === "AmbiguousRequest" || error.kind === "TransferCodingUnknown")
    return { Connection: "close" };
  return ROWS[error.kind].status === 503 ? { "Retry-After": "5" } : {};
}

function challengeOf({ challenge }: AuthenticationRequired): Record<string, string> {
  return challenge === undefined ? {} : { "WWW-Authenticate": challenge };
}

function detailOf(error: Exclude<KnownError, { kind: "BadRequest" }>): unknown {
  if (error.kind === "AuthenticationRequired") return accessItems(error.needed);
  if (error.kind === "BlobUnknown") return error.digest;
  if (error.kind === "NameUnknown") return { name: error.repository };
  if (error.kind === "UploadOutOfOrder") return { size: error.sizeBytes };
  return undefined;
}

/** Every error of ours has a `kind` that the table knows; everything else has none or another. */
function isKnown(error: unknown): error is KnownError {
  return (
    error instanceof Error &&
    "kind" in error &&
    typeof error.kind === "string" &&
    (error.kind === "BadRequest" || Object.hasOwn(ROWS, error.kind))
  );
}
