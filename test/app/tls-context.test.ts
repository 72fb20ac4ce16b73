/** What is told of certificates that cannot be used, and when newer ones are noticed. */
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { readCertificate, watchCertificate } from "../../src/app/tls-context.ts";
import type { TlsConfig } from "../../src/config/config.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { writeCertificate } from "../fixtures/certificates.ts";
import { runProgram } from "../fixtures/program.ts";

const WAIT = { timeout: 20_000 };

interface Files extends AsyncDisposable {
  readonly path: string;
  readonly tls: TlsConfig;
}

async function openFiles(): Promise<Files> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-tls-"));
  const files = await writeCertificate(folder.path, "one.test");
  const tls: TlsConfig = {
    ...files,
    minimumVersion: "TLSv1.2",
    cipherSuites: [],
    clientCertificates: undefined,
  };
  return { path: folder.path, tls, [Symbol.asyncDispose]: () => folder.remove() };
}

/** Puts the key of another certificate in the place of the right one. */
async function swapKey({ path, tls }: Files): Promise<void> {
  const certificate = await readFile(tls.certificate);
  await writeCertificate(path, "other.test");
  await writeFile(tls.certificate, certificate);
}

describe("readCertificate", () => {
  it("names setting and files when the key belongs to another certificate", async () => {
    await using files = await openFiles();
    await swapKey(files);
    const { certificate, key } = files.tls;
    await expect(readCertificate(files.tls)).rejects.toMatchObject({
      kind: "TlsUnusable",
      message: `http.tls: the key ${key} does not belong to the certificate ${certificate}`,
    });
  });

  it("names the file that is not PEM", async () => {
    await using files = await openFiles();
    const { tls } = files;
    const swapped = { ...tls, certificate: tls.key, key: tls.certificate };
    await expect(readCertificate(swapped)).rejects.toThrow(
      `http.tls: ${tls.key} holds no certificate in PEM`,
    );
    await expect(readCertificate({ ...tls, key: tls.certificate })).rejects.toThrow(
      `http.tls: ${tls.certificate} holds no private key in PEM`,
    );
    await writeFile(tls.certificate, "");
    await expect(readCertificate(tls)).rejects.toThrow(
      `http.tls: ${tls.certificate} holds no certificate in PEM`,
    );
  });

  it("says of a key with a passphrase what to do", async () => {
    await using files = await openFiles();
    const { key } = files.tls;
    const locked = join(files.path, "locked.pem");
    const options = ["-in", key, "-out", locked, "-aes256", "-passout", "pass:secret"];
    await runProgram({ command: ["openssl", "pkey", ...options] });
    await expect(readCertificate({ ...files.tls, key: locked })).rejects.toThrow(
      `http.tls: the key ${locked} needs a passphrase`,
    );
  });

  it("names the file that cannot be read, and why", async () => {
    await using files = await openFiles();
    await expect(readCertificate({ ...files.tls, key: files.path })).rejects.toThrow(
      `http.tls: cannot read ${files.path}: EISDIR`,
    );
  });

  it("names both files when the rest of the chain is damaged", async () => {
    await using files = await openFiles();
    const { tls } = files;
    const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    await writeFile(tls.certificate, `${await readFile(tls.certificate, "utf8")}${damaged}`);
    await expect(readCertificate(tls)).rejects.toThrow(
      `http.tls: the certificate ${tls.certificate} and the key ${tls.key} cannot be used: `,
    );
  });
});

describe("watchCertificate", () => {
  it("notices files that were replaced between the first reading and the first look", async () => {
    await using files = await openFiles();
    const { fingerprint } = await readCertificate(files.tls);
    await writeCertificate(files.path, "two.test");
    const applied: unknown[] = [];
    const apply = ({ cert }: { cert?: unknown }): void => void applied.push(cert);
    const log = new RecordingLogger();
    using _watch = watchCertificate(files.tls, { log, pollMs: 5, fingerprint, apply });
    await vi.waitUntil(() => applied.length > 0, WAIT);
    expect(applied).toEqual([await readFile(files.tls.certificate)]);
  });

  it("names setting and files in the log, once, when the new ones do not fit", async () => {
    await using files = await openFiles();
    const { fingerprint } = await readCertificate(files.tls);
    await swapKey(files);
    const log = new RecordingLogger();
    const apply = (): never => expect.fail("these files must not be used");
    using _watch = watchCertificate(files.tls, { log, pollMs: 5, fingerprint, apply });
    await vi.waitUntil(() => log.lines.length > 0, WAIT);
    const { certificate, key } = files.tls;
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      [
        "error",
        `the new certificate cannot be used, the old one stays: http.tls: the key ${key} does not belong to the certificate ${certificate}`,
      ],
    ]);
  });
});
