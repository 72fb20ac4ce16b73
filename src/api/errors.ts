/** What the API throws by itself; the rest comes from the folders below. Texts are made for the client. */
import type { ErrorCode } from "../oci/error-code.ts";

export type ApiError =
  | AdminRequired
  | AuthenticationRequired
  | BodyTooLarge
  | CrossSiteRequest
  | InputInvalid
  | MediaTypeUnknown
  | MethodNotAllowed
  | NothingThere
  | SwitchedOff;

/** Somebody whom the server knows lacks the right. */
export class AdminRequired extends Error {
  readonly kind = "AdminRequired";
}

/** Nobody has said who they are, or in a way that does not prove it. */
export class AuthenticationRequired extends Error {
  readonly kind = "AuthenticationRequired";
  /** The value of `WWW-Authenticate`. */
  readonly challenge: string;
  constructor(challenge: string, options?: ErrorOptions) {
    super("authentication required", options);
    this.challenge = challenge;
  }
}

export class BodyTooLarge extends Error {
  readonly kind = "BodyTooLarge";
  constructor(maxBytes: number) {
    super(`the body is larger than ${maxBytes} bytes`);
  }
}

/** A page of another site asks for a change, maybe with what a browser knows of its user. */
export class CrossSiteRequest extends Error {
  readonly kind = "CrossSiteRequest";
  constructor() {
    super("pages of other sites may change nothing here");
  }
}

/** What a request says is not what its place takes. */
export class InputInvalid extends Error {
  readonly kind = "InputInvalid";
  /** By place, what is wrong there. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];
  constructor(
    message: string,
    problems: readonly { readonly path: string; readonly message: string }[] = [],
  ) {
    super(message);
    this.problems = problems;
  }
}

export class MediaTypeUnknown extends Error {
  readonly kind = "MediaTypeUnknown";
  constructor() {
    super("the body must be sent as application/json");
  }
}

export class MethodNotAllowed extends Error {
  readonly kind = "MethodNotAllowed";
  readonly allow: readonly string[];
  constructor(allow: readonly string[]) {
    super("this address does not take that method");
    this.allow = allow;
  }
}

export class NothingThere extends Error {
  readonly kind = "NothingThere";
  readonly code: Extract<ErrorCode, "NAME_UNKNOWN" | "UNSUPPORTED">;
  constructor(
    message = "there is nothing at this address",
    code: NothingThere["code"] = "UNSUPPORTED",
  ) {
    super(message);
    this.code = code;
  }
}

/** The operation is switched off in the config, as deletes are by default. */
export class SwitchedOff extends Error {
  readonly kind = "SwitchedOff";
}
