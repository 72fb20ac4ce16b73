import { isIP } from "node:net";
import { AddressList } from "./address-list.ts";

const LOOPBACK = new AddressList(["127.0.0.0/8", "::1"]);

/**
 * Whether what is sent to a host stays on this machine (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3).
 * @param host a name or an address; with or without the brackets that a `URL` has.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return isIP(name) === 0 ? /(?:^|\.)localhost$/.test(name) : LOOPBACK.has(name);
}
