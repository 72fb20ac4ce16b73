/**
 * The one place that turns errors of the API into HTTP: a table from the kind of an error to status and
 * code. Bodies are those of the registry.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
import type { AuthError } from "../auth/errors.ts";
import type { RobotError } from "../auth/robots/robot-errors.ts";
import type { SigningKeysRefused } from "../auth/tokens/key-pem.ts";
import type { KeysAreGiven } from "../auth/tokens/signing-keys.ts";
import type { NameUnknown } from "../content/errors.ts";
import type { ErrorCode } from "../oci/error-code.ts";
import type { InvalidName } from "../oci/repository-name.ts";
import type { StorageUnavailable } from "../storage/errors.ts";
import type { ApiError } from "./errors.ts";

type KnownError =
  | ApiError
  | AuthError
  | InvalidName
  | KeysAreGiven
  | NameUnknown
  | RobotError
  | SigningKeysRefused
  | StorageUnavailable;

interface Row {
  readonly status: number;
  readonly code: ErrorCode;
}

const ROWS = {
  AdminRequired: { status: 403, code: "DENIED" },
  AuthenticationRequired: { status: 401, code: "UNAUTHORIZED" },
  BodyTooLarge: { status: 413, code: "SIZE_INVALID" },
  CrossSiteRequest: { status: 403, code: "DENIED" },
  InputInvalid: { status: 400, code: "UNSUPPORTED" },
  MediaTypeUnknown: { status: 415, code: "UNSUPPORTED" },
  MethodNotAllowed: { status: 405, code: "UNSUPPORTED" },
  NothingThere: { status: 404, code: "UNSUPPORTED" },
  SwitchedOff: { status: 405, code: "UNSUPPORTED" },
  // Turned into AuthenticationRequired, with a challenge, where callers are identified.
  CredentialsRefused: { status: 401, code: "UNAUTHORIZED" },
  TooManyAttempts: { status: 429, code: "TOOMANYREQUESTS" },
  AuthUnavailable: { status: 503, code: "UNAVAILABLE" },
  InvalidName: { status: 400, code: "NAME_INVALID" },
  InvalidRobotName: { status: 400, code: "NAME_INVALID" },
  KeysAreGiven: { status: 409, code: "UNSUPPORTED" },
  NameUnknown: { status: 404, code: "NAME_UNKNOWN" },
  RobotExists: { status: 409, code: "UNSUPPORTED" },
  RobotIsConfigured: { status: 409, code: "UNSUPPORTED" },
  // For administrators, who are told what to do with which file.
  SigningKeysRefused: { status: 409, code: "UNSUPPORTED" },
  StorageUnavailable: { status: 503, code: "UNAVAILABLE" },
} as const satisfies Record<KnownError["kind"], Row>;

const RETRY_AFTER_SECONDS = "5";

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A line of JSON. */
  readonly body: string;
}

/** Any error at all: one that is not in the table is ours, answers 500 and tells nothing. */
export function toErrorAnswer(error: unknown): ErrorAnswer {
  if (!isKnown(error))
    return answer({ status: 500, code: "UNKNOWN" }, { message: "unknown error" });
  const { status } = ROWS[error.kind];
  const code = error.kind === "NothingThere" ? error.code : ROWS[error.kind].code;
  const item = { message: messageOf(error), ...detailOf(error) };
  return answer({ status, code }, item, headersOf(error));
}

function answer(
  { status, code }: Row,
  item: { readonly message: string; readonly detail?: unknown },
  headers: Readonly<Record<string, string>> = {},
): ErrorAnswer {
  return { status, headers, body: `${JSON.stringify({ errors: [{ code, ...item }] })}\n` };
}

/** Texts of our own faults, and of why somebody was not believed, are for the log. */
function messageOf(error: KnownError): string {
  if (ROWS[error.kind].status === 503) return "service unavailable, try again later";
  return error.kind === "CredentialsRefused" ? "authentication required" : error.message;
}

function detailOf(error: KnownError): { readonly detail?: unknown } {
  if (error.kind === "InputInvalid" && error.problems.length > 0) return { detail: error.problems };
  if (error.kind === "NameUnknown") return { detail: { name: error.repository } };
  return {};
}

function headersOf(error: KnownError): Readonly<Record<string, string>> {
  if (error.kind === "AuthenticationRequired") return { "WWW-Authenticate": error.challenge };
  if (error.kind === "MethodNotAllowed") return { Allow: error.allow.join(", ") };
  if (error.kind === "TooManyAttempts") return { "Retry-After": String(error.retryAfterSeconds) };
  return ROWS[error.kind].status === 503 ? { "Retry-After": RETRY_AFTER_SECONDS } : {};
}

function isKnown(error: unknown): error is KnownError {
  return (
    error instanceof Error &&
    "kind" in error &&
    typeof error.kind === "string" &&
    Object.hasOwn(ROWS, error.kind)
  );
}
