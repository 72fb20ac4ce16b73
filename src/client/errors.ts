/** Why a server or its credentials could not be used. Messages say what happened, who said so and what to do next. */
export type ClientError =
  | AddressRefused
  | Unreachable
  | Denied
  | NotFound
  | TryLater
  | Refused
  | RealmRefused
  | TrustUnusable
  | CredentialFileUnusable
  | CredentialHelperFailed;

/** What was given does not name a server. */
export class AddressRefused extends Error {
  readonly kind = "AddressRefused";
}

/** No answer could be had, or none that a registry gives. */
export class Unreachable extends Error {
  readonly kind = "Unreachable";
}

/** The server wants other credentials, or these may not do it. */
export class Denied extends Error {
  readonly kind = "Denied";
}

/** The server knows no such thing, or says so to whoever may not see it. */
export class NotFound extends Error {
  readonly kind = "NotFound";
}

/** The same request may succeed later. */
export class TryLater extends Error {
  readonly kind = "TryLater";
  /** As the server says; `undefined` when it says nothing. */
  readonly retryAfterSeconds: number | undefined;
  constructor(message: string, retryAfterSeconds: number | undefined) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The server refused the request for what it is. */
export class Refused extends Error {
  readonly kind = "Refused";
}

/** The registry names a token server that is none of its own; it was sent nothing. */
export class RealmRefused extends Error {
  readonly kind = "RealmRefused";
}

/** A file of certificates or keys cannot be read. */
export class TrustUnusable extends Error {
  readonly kind = "TrustUnusable";
}

/** A file of credentials cannot be read or written, or is not what it should be. It was left as it is. */
export class CredentialFileUnusable extends Error {
  readonly kind = "CredentialFileUnusable";
}

/** The program that keeps the credentials failed. */
export class CredentialHelperFailed extends Error {
  readonly kind = "CredentialHelperFailed";
}
