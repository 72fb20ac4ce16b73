import { z } from "zod";
import { cipherSuiteNames, toNodeCipherSuites } from "./cipher-suites.ts";
import type { ClientCertificatesConfig, TlsConfig } from "./config.ts";
import { EVEN_IF_PARTS_ARE_WRONG, text } from "./leaves.ts";
import { suggestion } from "./nearest.ts";

const VERSIONS = {
  "tls1.0": "TLSv1",
  "tls1.1": "TLSv1.1",
  "tls1.2": "TLSv1.2",
  "tls1.3": "TLSv1.3",
} as const satisfies Record<string, TlsConfig["minimumVersion"]>;

const CLIENT_AUTH = [
  "request-client-cert",
  "require-any-client-cert",
  "verify-client-cert-if-given",
  "require-and-verify-client-cert",
] as const;

const MODES = {
  "request-client-cert": "request",
  "require-any-client-cert": "require-any",
  "verify-client-cert-if-given": "verify-if-given",
  "require-and-verify-client-cert": "require-and-verify",
} as const satisfies Record<(typeof CLIENT_AUTH)[number], ClientCertificatesConfig["mode"]>;

const cipherSuite = z.string().superRefine((name, context) => {
  const known = cipherSuiteNames();
  if (known.includes(name)) return;
  context.addIssue(`is not a cipher suite that can be offered${suggestion(name, known)}`);
});

const letsEncrypt = z
  .object({
    cachefile: text().describe("File for the certificates."),
    email: text().describe("Address given to the certificate authority."),
    hosts: z.array(z.string()).default([]).describe("Names to get certificates for."),
    directoryurl: text().describe("Directory of the certificate authority."),
  })
  .prefault({})
  .describe("Certificates from Let's Encrypt; not carried out.");

/** `http.tls:` */
export const tlsSchema = z
  .object({
    certificate: text().describe("PEM file with the certificate and its chain."),
    key: text().describe("PEM file with the private key of the certificate."),
    clientcas: z
      .array(z.string())
      .default([])
      .describe(
        "PEM files of authorities that vouch for clients. With `barge.auth` as a map a client's certificate says who it is: the common name is the user, the organizations are groups.",
      ),
    clientauth: z
      .enum(CLIENT_AUTH)
      .default("require-and-verify-client-cert")
      .describe(
        "How clients are asked for certificates, where `clientcas` is set: `request-client-cert` and `require-any-client-cert` take any, `verify-client-cert-if-given` and `require-and-verify-client-cert` only good ones.",
      ),
    minimumtls: z
      .enum(["tls1.0", "tls1.1", "tls1.2", "tls1.3"])
      .default("tls1.2")
      .describe("Oldest version of TLS that is spoken."),
    ciphersuites: z
      .array(cipherSuite)
      .default([])
      .describe("IANA names of the suites for TLS 1.2 and before. Default: those of Node."),
    letsencrypt: letsEncrypt,
  })
  .superRefine(({ certificate, key }, context) => {
    if ((certificate === undefined) === (key === undefined)) return;
    const missing = certificate === undefined ? "certificate" : "key";
    const message = "is missing: TLS needs both a certificate and its key";
    context.addIssue({ code: "custom", path: [missing], message });
  }, EVEN_IF_PARTS_ARE_WRONG)
  .prefault({})
  .describe("HTTPS. Without certificate and key plain HTTP is spoken.");

/** @returns `undefined` for plain HTTP. */
export function toTlsConfig(tls: z.output<typeof tlsSchema>): TlsConfig | undefined {
  if (tls.certificate === undefined || tls.key === undefined) return undefined;
  return {
    certificate: tls.certificate,
    key: tls.key,
    minimumVersion: VERSIONS[tls.minimumtls],
    cipherSuites: toNodeCipherSuites(tls.ciphersuites),
    clientCertificates:
      tls.clientcas.length === 0
        ? undefined
        : { authorities: tls.clientcas, mode: MODES[tls.clientauth] },
  };
}
