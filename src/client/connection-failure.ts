/** What to tell, and to do, when a connection fails. */
import { errorText } from "../lib/error-text.ts";
import { TimeLimitExceeded } from "../lib/time-limit.ts";
import { Denied, Unreachable } from "./errors.ts";

const NOT_TRUSTED = new Set([
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const WRONG_CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT_)/;

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there: is the server running, and is this its port?",
  ENOTFOUND: "no such host is known: is the name right?",
  EAI_AGAIN: "the host's name cannot be looked up now",
  EPROTO: "it does not seem to speak https there; where plain http is meant, add --plain-http",
};

/**
 * @param target the address of the request, or the path of the socket.
 * @returns what the caller gave up by itself as it is, and anything else as {@link Unreachable},
 * or {@link Denied} where a socket is another user's.
 */
export function unreachable(error: unknown, target: URL | string): Error {
  const name = typeof target === "string" ? target : target.host;
  const cause = error instanceof Error && error.name === "AbortError" ? error.cause : error;
  if (cause instanceof TimeLimitExceeded) {
    return new Unreachable(`${name} gave ${cause.message}`, { cause });
  }
  if (!(error instanceof Error)) return new Unreachable(`cannot reach ${name}`, { cause });
  if (!("code" in error) || error.name === "AbortError") return error;
  return fromCode(error, String(error.code), { name, target });
}

function fromCode(
  cause: Error,
  code: string,
  { name, target }: { readonly name: string; readonly target: URL | string },
): Unreachable | Denied {
  if (typeof target === "string" && (code === "EACCES" || code === "EPERM")) {
    const next = "only the user that runs the server may: call this as that user";
    return new Denied(`${name} may not be opened\n  ${next}`, { cause });
  }
  const advice = adviceFor(code, target);
  const next = advice === undefined ? "" : `\n  ${advice}`;
  return new Unreachable(`cannot reach ${name}: ${errorText(cause)}${next}`, { cause });
}

/** Whether it was the certificate that was no good: then plain http is no way out. */
export function isCertificateFailure(error: unknown): boolean {
  const cause = error instanceof Unreachable ? error.cause : undefined;
  if (!(cause instanceof Error) || !("code" in cause)) return false;
  return NOT_TRUSTED.has(String(cause.code)) || WRONG_CERTIFICATE.test(String(cause.code));
}

function adviceFor(code: string, target: URL | string): string | undefined {
  if (typeof target === "string") {
    return "no server has its socket there: is it running, and is this its state directory?";
  }
  if (NOT_TRUSTED.has(code)) {
    return `nobody trusted has signed its certificate: name its authority by --ca-file, or put it in /etc/docker/certs.d/${target.host}/ca.crt`;
  }
  if (code === "CERT_HAS_EXPIRED") return "its certificate has expired";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "its certificate is for another name";
  return ADVICE[code];
}
