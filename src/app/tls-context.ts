/** Certificates: read at start, and again whenever their files change. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { TlsConfig } from "../config/config.ts";
import { errorText } from "../lib/error-text.ts";
import type { Logger } from "../observability/logger.ts";

/** How often the files are looked at. */
export const CERTIFICATE_POLL_MS = 10_000;

/** Certificate and key as they were read. */
export interface ReadCertificate {
  readonly context: SecureContextOptions;
  /** How the files looked before they were read: files that look otherwise are newer than this. */
  readonly fingerprint: string;
}

/** Certificate and key fit each other. @throws {TlsUnusable} when they do not, or cannot be read. */
export async function readCertificate(tls: TlsConfig): Promise<ReadCertificate> {
  const before = await fingerprint(tls);
  return { context: await readTlsContext(tls), fingerprint: before };
}

/** The files of `http.tls` cannot be used; the text names the setting, the file and the reason. */
export class TlsUnusable extends Error {
  readonly kind = "TlsUnusable";
  constructor(problem: string, options?: ErrorOptions) {
    super(`http.tls: ${problem}`, options);
  }
}

async function readTlsContext(tls: TlsConfig): Promise<SecureContextOptions> {
  const [cert, key] = await Promise.all([readPem(tls.certificate), readPem(tls.key)]);
  const authorities = tls.clientCertificates?.authorities ?? [];
  const ca = await Promise.all(authorities.map(async (path) => readAuthority(path)));
  const certificate = parseCertificate(cert, tls);
  if (!certificate.checkPrivateKey(parseKey(key, tls))) {
    throw new TlsUnusable(
      `the key ${tls.key} does not belong to the certificate ${tls.certificate}`,
    );
  }
  const context = {
    cert,
    key,
    ...(ca.length > 0 && { ca }),
    minVersion: tls.minimumVersion,
    ...(tls.cipherSuites.length > 0 && {
      ciphers: tls.cipherSuites.join(":"),
      honorCipherOrder: true,
    }),
  };
  refuseUnusable(context, tls);
  return context;
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TlsUnusable(`cannot read ${path}: ${errorText(cause)}`, { cause });
  }
}

/** Of client certificates. */
async function readAuthority(path: string): Promise<Buffer> {
  const pem = await readPem(path);
  try {
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new TlsUnusable(`clientcas: ${path} holds no certificate in PEM`, { cause });
  }
}

function parseCertificate(pem: Buffer, { certificate }: TlsConfig): X509Certificate {
  try {
    // Of a chain the first one, which is the server's own.
    return new X509Certificate(pem);
  } catch (cause) {
    throw new TlsUnusable(`${certificate} holds no certificate in PEM`, { cause });
  }
}

function parseKey(pem: Buffer, { key }: TlsConfig): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const problem = pem.includes("ENCRYPTED")
      ? `the key ${key} needs a passphrase; store it without one`
      : `${key} holds no private key in PEM`;
    throw new TlsUnusable(problem, { cause });
  }
}

/** What is left: a key that is too short, a chain that is damaged behind its first certificate. */
function refuseUnusable(context: SecureContextOptions, { certificate, key }: TlsConfig): void {
  try {
    createSecureContext(context);
  } catch (cause) {
    const problem = `the certificate ${certificate} and the key ${key} cannot be used`;
    throw new TlsUnusable(`${problem}: ${errorText(cause)}`, { cause });
  }
}

export interface WatchOptions {
  readonly log: Logger;
  readonly pollMs: number;
  /** Of the files that are in use. */
  readonly fingerprint: string;
  /** Takes the new files into use. */
  readonly apply: (context: SecureContextOptions) => void;
}

/**
 * Looks again and again, and by links as well: certificate tools replace files and folders in ways
 * that a watch on one file misses. New files that do not fit leave the old ones in use.
 */
export function watchCertificate(tls: TlsConfig, options: WatchOptions): Disposable {
  const { log, apply, pollMs } = options;
  let known = options.fingerprint;
  const look = async (): Promise<void> => {
    const now = await fingerprint(tls);
    if (now === known) return;
    known = now;
    apply(await readTlsContext(tls));
    log.info("the certificate was read again", { certificate: tls.certificate });
  };
  const tick = (): void => {
    look().catch((error: unknown) => {
      log.error(`the new certificate cannot be used, the old one stays: ${errorText(error)}`);
    });
  };
  tick();
  const timer = setInterval(tick, pollMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Never throws: that a file cannot be looked at is one more way for it to look. */
async function fingerprint(tls: TlsConfig): Promise<string> {
  const parts = await Promise.all(
    [tls.certificate, tls.key, ...(tls.clientCertificates?.authorities ?? [])].map(async (path) => {
      try {
        const { ino, mtimeMs, size } = await stat(path);
        return `${ino}:${mtimeMs}:${size}`;
      } catch (error) {
        return errorText(error);
      }
    }),
  );
  return parts.join(" ");
}
