/** The name and password of the scheme `Basic` (RFC 7617). */
import { CredentialsRefused } from "./errors.ts";

export interface BasicCredentials {
  /** From 1 to 255 bytes, without control characters and without `:`. */
  readonly name: string;
  /** As it was sent: neither normalised nor cut, but without NUL. May be empty, or long where it is a token. */
  readonly password: string;
}

const SCHEME = /^basic(?: +|$)/i;
const MAX_NAME_BYTES = 255;

/**
 * What a header `Authorization` of the scheme `Basic` holds; `undefined` for every other header, and for none.
 *
 * Unicode is not normalised: a hash was made of the bytes that somebody typed, and the reference registry
 * compares the bytes that come. For the same reason the padding of base64 must be there.
 * @throws {CredentialsRefused} when it says `Basic` and is malformed.
 */
export function parseBasic(authorization: string | undefined): BasicCredentials | undefined {
  const scheme = authorization === undefined ? undefined : SCHEME.exec(authorization);
  if (authorization === undefined || !scheme) return undefined;
  const text = decode(authorization.slice(scheme[0].length).trimEnd());
  const colon = text.indexOf(":");
  if (colon < 0) throw new CredentialsRefused("Basic credentials without a colon");
  const name = text.slice(0, colon);
  const password = text.slice(colon + 1);
  const problem = nameProblem(name);
  if (problem !== undefined) throw new CredentialsRefused(`Basic credentials: ${problem}`);
  // Where a password ends at NUL, as in C, it would be as good as a shorter one.
  if (password.includes("\0")) throw new CredentialsRefused("Basic credentials with NUL");
  return { name, password };
}

/** The name that was tried, for the audit log; a token does not say whose it was meant to be. */
export function triedName(authorization: string | undefined): string {
  try {
    return parseBasic(authorization)?.name ?? "";
  } catch (error) {
    if (error instanceof CredentialsRefused) return "";
    throw error;
  }
}

/** Why nobody can log in under that name, whatever the password; `undefined`: they can. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "the name is empty";
  if (name.includes(":")) return "the name has a colon";
  // oxlint-disable-next-line no-control-regex -- they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(name)) return "the name has control characters";
  const isLong = Buffer.byteLength(name) > MAX_NAME_BYTES;
  return isLong ? `the name is longer than ${MAX_NAME_BYTES} bytes` : undefined;
}

function decode(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  // Node skips over what is no base64.
  if (bytes.toString("base64") !== base64) {
    throw new CredentialsRefused("Basic credentials that are not base64");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CredentialsRefused("Basic credentials that are not UTF-8", { cause });
  }
}
