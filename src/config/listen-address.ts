import type { ListenConfig, TcpListenConfig } from "./config.ts";

/**
 * @param address `:5000` (all interfaces), `127.0.0.1:5000`, `registry.example.com:5000`, `[::1]:5000`.
 * @returns `undefined` when it is none of these.
 */
export function parseTcpAddress(address: string): TcpListenConfig | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^\s:/[\]]*)):(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  return { kind: "tcp", host: bracketed ?? plain ?? "", port };
}

/** @returns `undefined` when `address` does not fit the network. */
export function parseListenAddress(
  address: string,
  network: "tcp" | "unix",
): ListenConfig | undefined {
  return network === "unix" ? { kind: "unix", path: address } : parseTcpAddress(address);
}

/** What is wrong with an address of TCP, and what would be right. */
export function describeTcpAddress(address: string): string {
  const meant = /^\d+$/.test(address) ? `; did you mean ":${address}"?` : "";
  return `must be an address with a port, such as :5000, 127.0.0.1:5000 or [::1]:5000${meant}`;
}
