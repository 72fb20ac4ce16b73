/**
 * The one place that knows what must not reach a log, a metric or a debug page. It is a net below
 * code that should not log secrets in the first place.
 */

/** What stands in place of a secret. */
export const REDACTED = "[redacted]";

// Tried on the part of a name behind its last dot. Words may be joined by anything: `secretKey`, `secret_key`, `Secret-Key`.
const SENSITIVE_ENDING =
  /(?:authorization|cookie|passw(?:or)?d|token|secret|(?:secret|access|api|private)[^a-z0-9]?key(?:[^a-z0-9]?id)?|signature|credentials?|assertion|jwt)[^a-z0-9]?$/i;
const SENSITIVE_WHOLE = /^(?:_state|sig|x[^a-z0-9]?(?:amz|goog).*)$/is;

/** Text without any of these has nothing for the patterns below. Most of what is logged is such text. */
const SUSPICIOUS = /[=@"]|:[ \t]|Bearer|Basic/i;

// Each pattern begins at a literal or just behind a delimiter that it cannot run across, so that matching stays linear.
const USER_INFO = /(?<=^|[:\s"'(=])\/\/[^\s/?#"'<>]*@/g;
const PAIR = /(?<=^|[\s?&;,("'{])([^\s?&;,("'{}=#<>]{1,128})=([^\s&;#"'<>]*)/g;
const JSON_PAIR = /"([\w.-]{1,128})"\s{0,4}:\s{0,4}"(?:[^"\\]|\\.)*"/g;
const HEADER = /(?<=^|[\s,;"'{(])([\w-]{1,64}):[ \t]{1,4}([^\r\n"']+)/g;
const SCHEME_AND_SECRET = /\b(Bearer|Basic)\s{1,4}(?!realm=)(?=\S*[0-9=._])[\w.~+/=-]{8,}/gi;

/** Whether a value under this name (of a field, header or query parameter) is kept out of logs. The part behind the last dot decides. */
export function isSensitiveName(name: string): boolean {
  const last = name.slice(name.lastIndexOf(".") + 1);
  return SENSITIVE_ENDING.test(last) || SENSITIVE_WHOLE.test(last);
}

/**
 * A URL, or text that holds some, without user information and with the values of sensitive query
 * parameters (upload state, signatures, tokens) replaced. Harmless parts stay to the byte.
 */
export function redactUrl(text: string): string {
  return text
    .replace(USER_INFO, "//")
    .replace(PAIR, (pair: string, name: string) =>
      isSensitiveName(decodeName(name)) ? `${name}=${REDACTED}` : pair,
    );
}

/** {@link redactUrl}, and header lines, JSON members and authorization values in free text such as an error's message. */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
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
