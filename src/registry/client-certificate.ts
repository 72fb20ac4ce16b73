/** What a client's certificate says of it, once the handshake has proved that it is the client's own. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { CertificateSubject } from "../auth/access.ts";

/** @returns `undefined` unless there is one that the authorities of `http.tls.clientcas` vouch for. */
export function certificateOf(socket: Socket): CertificateSubject | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerX509Certificate()?.toLegacyObject() ?? {};
  const [commonName, ...others] = subject === undefined ? [] : listOf(subject.CN);
  // Of a subject with several names nobody can say which one is meant.
  if (commonName === undefined || commonName === "" || others.length > 0) return undefined;
  return { commonName, organizations: listOf(subject?.O) };
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}
