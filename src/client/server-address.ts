/** Where a server is, from what people type: `host`, `host:port`, a URL, or `unix:/path`. */
import { isLoopbackHost } from "../lib/loopback.ts";
import { AddressRefused } from "./errors.ts";

export type ServerAddress = NetworkAddress | SocketAddress;

export interface NetworkAddress {
  readonly kind: "network";
  /** As typed, in lower case, without scheme and path: the key in files of credentials. */
  readonly host: string;
  /** Where to try, in this order; at least one. Each ends with "/". */
  readonly bases: readonly URL[];
}

export interface SocketAddress {
  readonly kind: "socket";
  readonly path: string;
}

export interface AddressOptions {
  /** Plain http, and nothing else, where the address names no scheme. */
  readonly plainHttp: boolean;
  /** Plain http after https has failed, where the address names no scheme. */
  readonly insecure: boolean;
}

/**
 * Plain http is tried only where it was asked for, by the scheme or an option, and on this machine.
 * @throws {AddressRefused}
 */
export function parseServerAddress(text: string, options: AddressOptions): ServerAddress {
  if (text.startsWith("unix:")) return socketAddress(text);
  const [, scheme, rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text) ?? [];
  const url = URL.parse(`${scheme ?? "https"}://${rest}`);
  if (url === null || !isServer(url)) throw new AddressRefused(refusal(text));
  const [authority = ""] = rest.split("/");
  const https = atScheme("https", rest);
  const http = atScheme("http", rest);
  return { kind: "network", host: authority.toLowerCase(), bases: choose() };

  function choose(): readonly URL[] {
    if (scheme !== undefined) return [url?.protocol === "http:" ? http : https];
    if (options.plainHttp) return [http];
    return options.insecure || isLoopbackHost(https.hostname) ? [https, http] : [https];
  }
}

function socketAddress(text: string): SocketAddress {
  const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
  if (!path.startsWith("/")) throw new AddressRefused(refusal(text));
  return { kind: "socket", path };
}

/** Backslashes and the like mean different things to different parsers: there is nothing to win by them. */
function isServer({ protocol, username, password, search, hash, hostname, href }: URL): boolean {
  const isHttp = protocol === "https:" || protocol === "http:";
  const isPlain = username === "" && password === "" && search === "" && hash === "";
  return isHttp && isPlain && hostname !== "" && !/[\s%]/.test(href);
}

/** The paths that files of credentials write behind a host mean the host alone. */
function atScheme(scheme: string, rest: string): URL {
  const url = new URL(`${scheme}://${rest}`);
  const path = url.pathname.replace(/\/+$/, "").replace(/\/v[12]$/, "");
  return new URL(`${url.origin}${path}/`);
}

function refusal(text: string): string {
  const shown = text.replace(/\/\/[^/]*@/, "//***@");
  return `${JSON.stringify(shown)} is not the address of a server; write host, host:port, https://host:port or unix:/path`;
}
