/**
 * Whether a browser sends a request on behalf of another site: it adds what it knows of the user (remembered
 * credentials, a client certificate) to requests that any page may make.
 */
export interface OriginHeaders {
  /** The header `Origin` (RFC 6454 section 7). */
  readonly origin: string | undefined;
  /** The header `Sec-Fetch-Site` (W3C Fetch Metadata section 2.3), which no page can set. */
  readonly secFetchSite: string | undefined;
}

/**
 * To be refused where the method is not safe (RFC 9110 section 9.2.1). Requests without either header come
 * from no browser of today.
 * @param ownOrigin what clients reach this server at, as in `https://registry.example.com`; of the two only
 * host and port are compared, for a proxy may end TLS and say nothing of it.
 */
export function isCrossSite({ origin, secFetchSite }: OriginHeaders, ownOrigin: string): boolean {
  if (secFetchSite !== undefined) return secFetchSite !== "same-origin" && secFetchSite !== "none";
  if (origin === undefined) return false;
  const host = hostOf(origin);
  return host === undefined || host !== hostOf(ownOrigin);
}

/** Without the port where it is the scheme's own. */
function hostOf(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { protocol, host } = new URL(origin);
  return (protocol === "http:" || protocol === "https:") && host !== "" ? host : undefined;
}
