/** What the HTTP edge throws by itself; the rest comes from the folders below. */
import type { Needed } from "../auth/access.ts";
import type { ErrorCode } from "../oci/error-code.ts";

export type EdgeError =
  | AmbiguousRequest
  | AuthenticationRequired
  | BadRequest
  | BodyTooLarge
  | ChunkRangeInvalid
  | Denied
  | LengthMismatch
  | MethodNotAllowed
  | Overloaded
  | PreconditionFailed
  | RangeNotSatisfiable
  | RouteUnknown
  | TransferCodingUnknown
  | Unhealthy
  | Unsupported;

/** Two servers could read the request in two ways, so nothing that follows it on the connection is read. */
export class AmbiguousRequest extends Error {
  readonly kind = "AmbiguousRequest";
}

/** Who asks has not said who they are, or not well enough: they are told what to bring. */
export class AuthenticationRequired extends Error {
  readonly kind = "AuthenticationRequired";
  /** The value of `WWW-Authenticate`. */
  readonly challenge: string | undefined;
  readonly needed: readonly Needed[];
  constructor(
    { challenge, needed }: Pick<AuthenticationRequired, "challenge" | "needed">,
    options?: ErrorOptions,
  ) {
    super("authentication required", options);
    this.challenge = challenge;
    this.needed = needed;
  }
}

/** Who asks is known, and may not do it. */
export class Denied extends Error {
  readonly kind = "Denied";
}

/** The request is malformed; the text is made for the client. */
export class BadRequest extends Error {
  readonly kind = "BadRequest";
  readonly code: ErrorCode;
  readonly detail: unknown;
  constructor(code: ErrorCode, message: string, detail?: unknown) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
}

export class BodyTooLarge extends Error {
  readonly kind = "BodyTooLarge";
  constructor(maxBytes: number) {
    super(`the body is larger than ${maxBytes} bytes`);
  }
}

/** `Content-Range` of a chunk that no chunk can have. The upload goes on from where it is. */
export class ChunkRangeInvalid extends Error {
  readonly kind = "ChunkRangeInvalid";
}

/** `Content-Range` and `Content-Length` of a chunk contradict each other. */
export class LengthMismatch extends Error {
  readonly kind = "LengthMismatch";
}

export class MethodNotAllowed extends Error {
  readonly kind = "MethodNotAllowed";
  readonly allow: readonly string[];
  constructor(allow: readonly string[], message = "this address does not take that method") {
    super(message);
    this.allow = allow;
  }
}

/** The server has as much to do as it can bear: the client should come back later. */
export class Overloaded extends Error {
  readonly kind = "Overloaded";
}

/** RFC 9110 section 13.1.1. */
export class PreconditionFailed extends Error {
  readonly kind = "PreconditionFailed";
}

/** RFC 9110 section 15.5.17. */
export class RangeNotSatisfiable extends Error {
  readonly kind = "RangeNotSatisfiable";
  readonly sizeBytes: number;
  constructor(sizeBytes: number) {
    super(`the range lies outside the ${sizeBytes} bytes`);
    this.sizeBytes = sizeBytes;
  }
}

export class RouteUnknown extends Error {
  readonly kind = "RouteUnknown";
  constructor() {
    super("there is nothing at this address");
  }
}

/** RFC 9112 section 6.1: only `chunked` is understood. */
export class TransferCodingUnknown extends Error {
  readonly kind = "TransferCodingUnknown";
  constructor() {
    super("of transfer codings only chunked is understood");
  }
}

/** A health check fails, so that load balancers take this server out. */
export class Unhealthy extends Error {
  readonly kind = "Unhealthy";
  constructor() {
    super("health check failed: please see /debug/health");
  }
}

/** The operation is switched off in the config, as deletes are by default. */
export class Unsupported extends Error {
  readonly kind = "Unsupported";
}
