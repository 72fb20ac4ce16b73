/**
 * The one place that knows what must not reach a log, a metric or a debug page. It is a net below
 * code that should not log secrets in the first place.
 */

/** What stands in place of a secret. */
export const REDACTED = "[redacted]";

const SENSITIVE_ENDINGS = [
  "authorization",
  "cookie",
  "password",
  "passwd",
  "token",
  "secret",
  "secretkey",
  "accesskey",
  "accesskeyid",
  "apikey",
  "privatekey",
  "signature",
  "credential",
  "credentials",
  "assertion",
  "jwt",
];
const SENSITIVE_PREFIXES = ["xamz", "xgoog"];

// Each pattern begins at a literal or just behind a delimiter that it cannot run across, so that matching stays linear.
const USER_INFO = /:\/\/[^\s/?#"'<>]*@/g;
const PAIR = /(?<=^|[\s?&;,("'{])([^\s?&;,("'{}=#<>]{1,128})=([^\s&;#"'<>]*)/g;
const JSON_PAIR = /"([\w.-]{1,128})"\s{0,4}:\s{0,4}"(?:[^"\\]|\\.)*"/g;
const HEADER = /(?<=^|[\s,;"'{(])([\w-]{1,64}):[ \t]{1,4}([^\r\n"']+)/g;
const SCHEME_AND_SECRET = /\b(Bearer|Basic)\s{1,4}(?!realm=)(?=\S*[0-9=._])[\w.~+/=-]{8,}/gi;

/** Whether a value under this name (of a field, header or query parameter) is kept out of logs. The part behind the last dot decides. */
export function isSensitiveName(name: string): boolean {
  const last = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (last === "_state" || last === "sig") return true;
  const letters = last.replaceAll(/[^a-z0-9]/g, "");
  return (
    SENSITIVE_ENDINGS.some((ending) => letters.endsWith(ending)) ||
    SENSITIVE_PREFIXES.some((prefix) => letters.startsWith(prefix))
  );
}

/**
 * A URL, or text that holds some, without user information and with the values of sensitive query
 * parameters (upload state, signatures, tokens) replaced. Harmless parts stay to the byte.
 */
export function redactUrl(text: string): string {
  return text
    .replace(USER_INFO, "://")
    .replace(PAIR, (pair: string, name: string) =>
      isSensitiveName(decodeName(name)) ? `${name}=${REDACTED}` : pair,
    );
}

/** {@link redactUrl}, and header lines, JSON members and authorization values in free text such as an error's message. */
export function redactText(text: string): string {
  return redactUrl(text)
    .replace(JSON_PAIR, (pair: string, name: string) =>
      isSensitiveName(name) ? `"${name}":"${REDACTED}"` : pair,
    )
    .replace(HEADER, (line: string, name: string) =>
      isSensitiveName(name) ? `${name}: ${REDACTED}` : line,
    )
    .replace(SCHEME_AND_SECRET, `$1 ${REDACTED}`);
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
