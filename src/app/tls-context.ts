/** Certificates: read at start, and again whenever their files change. */
import { readFile, stat } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";
import type { TlsConfig } from "../config/config.ts";
import type { Logger } from "../observability/logger.ts";

/** How often the files are looked at. */
export const CERTIFICATE_POLL_MS = 10_000;

/** @throws {TlsFilesUnreadable} */
export async function readTlsContext(tls: TlsConfig): Promise<SecureContextOptions> {
  const [cert, key] = await Promise.all([readPem(tls.certificate), readPem(tls.key)]);
  return {
    cert,
    key,
    minVersion: tls.minimumVersion,
    ...(tls.cipherSuites.length > 0 && {
      ciphers: tls.cipherSuites.join(":"),
      honorCipherOrder: true,
    }),
  };
}

export class TlsFilesUnreadable extends Error {
  readonly kind = "TlsFilesUnreadable";
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TlsFilesUnreadable(`cannot read ${path}, named in http.tls`, { cause });
  }
}

export interface WatchOptions {
  readonly log: Logger;
  readonly pollMs: number;
  /** Takes the new files into use. Throws when they do not fit each other. */
  readonly apply: (context: SecureContextOptions) => void;
}

/**
 * Looks again and again, and by links as well: certificate tools replace files and folders in ways
 * that a watch on one file misses. New files that do not fit leave the old ones in use.
 */
export function watchCertificate(tls: TlsConfig, { log, apply, pollMs }: WatchOptions): Disposable {
  let known: string | undefined;
  const look = async (): Promise<void> => {
    const now = await fingerprint(tls);
    if (now === known) return;
    const isFirst = known === undefined;
    known = now;
    if (isFirst) return;
    apply(await readTlsContext(tls));
    log.info("the certificate was read again");
  };
  const tick = (): void => {
    look().catch((error: unknown) => {
      log.error("the new certificate cannot be used; the old one stays", { err: error });
    });
  };
  tick();
  const timer = setInterval(tick, pollMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function fingerprint(tls: TlsConfig): Promise<string> {
  const parts = await Promise.all(
    [tls.certificate, tls.key].map(async (path) => {
      const { ino, mtimeMs, size } = await stat(path);
      return `${ino}:${mtimeMs}:${size}`;
    }),
  );
  return parts.join(" ");
}
