/** Why nobody could be identified. */
export type AuthError = CredentialsRefused | TooManyAttempts | AuthUnavailable;

/**
 * What was shown is wrong: a password, a token. The text is for the log and tells more than the client
 * may know, but never what was shown.
 */
export class CredentialsRefused extends Error {
  readonly kind = "CredentialsRefused";
  /** For the challenge: a token was shown, and is no good. */
  readonly isToken: boolean;
  constructor(message: string, options: ErrorOptions & { readonly isToken?: boolean } = {}) {
    super(message, options);
    this.isToken = options.isToken === true;
  }
}

/** From this address, or for this account, there were too many wrong passwords. */
export class TooManyAttempts extends Error {
  readonly kind = "TooManyAttempts";
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super("too many attempts to log in");
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nobody can be identified now: an issuer's keys cannot be had, too many passwords wait to be checked. */
export class AuthUnavailable extends Error {
  readonly kind = "AuthUnavailable";
}
