/** Certificates of clients: when they are asked for, and which connections are not taken without. */
import type { Server } from "node:https";
import type { TLSSocket, TlsOptions } from "node:tls";
import type { ClientCertificatesConfig } from "../config/config.ts";

type Mode = ClientCertificatesConfig["mode"];

/** What Node needs to know at the handshake. */
export function clientCertificateOptions(
  asked: ClientCertificatesConfig | undefined,
): Pick<TlsOptions, "requestCert" | "rejectUnauthorized"> {
  if (asked === undefined) return {};
  return { requestCert: true, rejectUnauthorized: asked.mode === "require-and-verify" };
}

/** What Node does not know: connections that show none, or one that nobody vouches for, are cut. */
export function enforceClientCertificates(
  server: Server,
  asked: ClientCertificatesConfig | undefined,
): void {
  if (asked === undefined) return;
  server.on("secureConnection", (socket) => {
    if (!isTaken(socket, asked.mode)) socket.destroy();
  });
}

function isTaken(socket: TLSSocket, mode: Mode): boolean {
  const isShown = socket.getPeerX509Certificate() !== undefined;
  if (mode === "require-any") return isShown;
  return mode === "verify-if-given" ? !isShown || socket.authorized : true;
}
