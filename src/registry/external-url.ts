/**
 * How clients reach this server, for the `Location` of answers. What a request says of itself counts
 * only as far as it comes from a proxy that is trusted.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { AddressList } from "../lib/address-list.ts";

export interface ExternalUrlSettings {
  /** `http.host`: counts before all else. */
  readonly host: URL | undefined;
  readonly relativeUrls: boolean;
  readonly trustedProxies: AddressList;
  /** Whether peers come over a unix socket: then they have no address, and are on this machine. */
  readonly arePeersLocal: boolean;
  /** Proxies that are believed whom they speak for, where wrong passwords are counted and audited. */
  readonly addressProxies: AddressList;
}

type Trust = Pick<ExternalUrlSettings, "trustedProxies" | "arePeersLocal">;

/** Scheme, host and what `http.host` has of a path; empty for relative URLs. Never ends with a slash. */
export function externalOrigin(incoming: IncomingMessage, settings: ExternalUrlSettings): string {
  const { host, relativeUrls } = settings;
  if (host !== undefined) return `${host.origin}${host.pathname.replace(/\/$/, "")}`;
  if (relativeUrls) return "";
  const forwarded = isTrusted(incoming, settings) ? forwardedOf(incoming) : {};
  const protocol = forwarded.scheme ?? (isTls(incoming) ? "https" : "http");
  const name = forwarded.host ?? incoming.headers.host;
  return name === undefined || !isHost(name) ? "" : `${protocol}://${name}`;
}

/** The client's address and port: what a trusted proxy tells, else the peer's. */
export function clientAddress(incoming: IncomingMessage, settings: Trust): string {
  const { remoteAddress = "", remotePort } = incoming.socket;
  if (isTrusted(incoming, settings)) {
    const forwarded = forwardedFor(header(incoming, "x-forwarded-for"), settings);
    const told = forwarded ?? header(incoming, "x-real-ip");
    if (told !== undefined && isAddress(told)) return told;
  }
  const address = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
  return remotePort === undefined ? address : `${address}:${remotePort}`;
}

/**
 * Each proxy adds whom it was asked by, so the last that is no trusted proxy itself is the client. What
 * stands before it the client may have made up, to be taken for another or to be counted anew each time.
 */
function forwardedFor(text: string | undefined, { trustedProxies }: Trust): string | undefined {
  const hops = (text ?? "").split(",").map((hop) => hop.trim());
  const isProxy = (hop: string): boolean => trustedProxies.has(bareAddress(hop));
  const client = hops.findLast((hop) => !isProxy(hop)) ?? hops[0];
  return client === "" ? undefined : client;
}

function isAddress(text: string): boolean {
  return isIP(bareAddress(text)) !== 0;
}

/** Without a port and brackets. */
function bareAddress(text: string): string {
  return withoutPort(text).replace(/^\[(.*)\]$/, "$1");
}

/** As {@link clientAddress}, without the port, of those proxies alone that somebody has named for it. */
export function provenAddress(
  incoming: IncomingMessage,
  { addressProxies: trustedProxies, arePeersLocal }: ExternalUrlSettings,
): string {
  return withoutPort(clientAddress(incoming, { trustedProxies, arePeersLocal }));
}

/** An IPv6 address that has no brackets has no port either. */
export function withoutPort(address: string): string {
  return /^(?:\[.*\]|[^:]*):[0-9]+$/.test(address) ? address.replace(/:[0-9]+$/, "") : address;
}

/** A peer that is gone may have no address either: it must not pass for one on this machine. */
function isTrusted(incoming: IncomingMessage, { trustedProxies, arePeersLocal }: Trust): boolean {
  const { remoteAddress } = incoming.socket;
  return remoteAddress === undefined ? arePeersLocal : trustedProxies.has(remoteAddress);
}

interface Forwarded {
  readonly scheme?: string | undefined;
  readonly host?: string | undefined;
}

/** RFC 7239's header if there, else the older pair; of each the first, which is the outermost proxy's. */
function forwardedOf(incoming: IncomingMessage): Forwarded {
  const standard = first(header(incoming, "forwarded"));
  if (standard !== undefined) {
    return { scheme: scheme(parameter(standard, "proto")), host: parameter(standard, "host") };
  }
  return {
    scheme: scheme(first(header(incoming, "x-forwarded-proto"))),
    host: first(header(incoming, "x-forwarded-host")),
  };
}

function parameter(element: string, name: string): string | undefined {
  for (const pair of element.split(";")) {
    const [key = "", ...rest] = pair.split("=");
    if (key.trim().toLowerCase() === name) return rest.join("=").trim().replaceAll('"', "");
  }
  return undefined;
}

function scheme(text: string | undefined): string | undefined {
  const lower = text?.toLowerCase();
  return lower === "http" || lower === "https" ? lower : undefined;
}

function first(text: string | undefined): string | undefined {
  const [item = ""] = (text ?? "").split(",", 1);
  return item.trim() === "" ? undefined : item.trim();
}

function header(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function isTls(incoming: IncomingMessage): boolean {
  return "encrypted" in incoming.socket;
}

/** A name or an address, with a port or without. URLs are built of it: what a URL cannot hold is none. */
export function isHost(text: string): boolean {
  return (
    /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(text) &&
    URL.canParse(`http://${text}`)
  );
}
