/**
 * Requests that Node's HTTP parser lets through and that could still mean two things to two servers:
 * refused before anything else looks at them. RFC 9112: https://www.rfc-editor.org/rfc/rfc9112
 */
import type { IncomingMessage } from "node:http";
import { AmbiguousRequest, TransferCodingUnknown } from "./errors.ts";
import { isHost } from "./external-url.ts";

/** @throws {AmbiguousRequest} {TransferCodingUnknown} */
export function refuseAmbiguous(incoming: IncomingMessage): void {
  if (incoming.httpVersionMajor !== 1) {
    throw new AmbiguousRequest("the request line names no HTTP version");
  }
  refuseTarget(incoming.url ?? "");
  refuseHosts(incoming);
  refuseFraming(incoming);
}

/** Parts of a path that a proxy may take out and go by what is left. */
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\?#]|$)/i;

/**
 * Section 3.2.2: the absolute form is for proxies; here it would only smuggle in another host. Of a path with
 * dots for folders two servers make two paths (RFC 3986 section 5.2.4).
 */
function refuseTarget(target: string): void {
  if (!target.startsWith("/")) {
    throw new AmbiguousRequest("the request target must be a path");
  }
  const isSuspicious = target.includes("/.") || target.includes("%") || target.includes("\\");
  if (isSuspicious && DOT_SEGMENT.test(target.split("?", 1)[0] ?? "")) {
    throw new AmbiguousRequest("the request target must not have dots for folders");
  }
}

/** Section 3.2: exactly one `Host` in HTTP/1.1, and nothing in it that is no host. */
function refuseHosts({ rawHeaders, headers, httpVersionMinor }: IncomingMessage): void {
  const count = countHosts(rawHeaders);
  const { host } = headers;
  const isMissing = count === 0 && httpVersionMinor > 0;
  const isMalformed = host !== undefined && host !== "" && !isHost(host);
  if (isMissing || count > 1 || isMalformed) {
    throw new AmbiguousRequest("the Host header is missing, doubled or malformed");
  }
}

/** @param rawHeaders names and values in turn. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}

/** Section 6.1: a coding that we do not undo must not be taken for the bytes of a blob. */
function refuseFraming({ headers }: IncomingMessage): void {
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.trim().toLowerCase() !== "chunked") {
    throw new TransferCodingUnknown();
  }
  const length = headers["content-length"];
  if (length !== undefined && !Number.isSafeInteger(Number(length))) {
    throw new AmbiguousRequest("Content-Length is not a number of bytes");
  }
}
