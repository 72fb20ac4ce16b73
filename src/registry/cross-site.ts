/** Pages of other sites may not change anything with what a browser remembers of its user. */
import { isCrossSite } from "../lib/cross-site.ts";
import { Denied } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

/** RFC 9110 section 9.2.1. */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/**
 * @param allowedOrigins those that the operator lets in by `Access-Control-Allow-Origin`, as a separate user
 * interface needs it.
 * @throws {Denied}
 */
export function refuseCrossSite(exchange: Exchange, allowedOrigins: ReadonlySet<string>): void {
  if (SAFE.has(exchange.method)) return;
  const origin = exchange.header("origin");
  const secFetchSite = exchange.header("sec-fetch-site");
  if (origin === undefined && secFetchSite === undefined) return;
  if (origin !== undefined && allowedOrigins.has(origin)) return;
  if (!isCrossSite({ origin, secFetchSite }, exchange.origin)) return;
  throw new Denied("a page of another site may not change anything here");
}
