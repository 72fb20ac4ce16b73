/** Where and how the server listens: TLS, certificates that change, sockets in the file system. */
import { once } from "node:events";
import { mkdtempDisposable, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { describe, expect, it, vi } from "vitest";
import { startServer } from "../../src/app/http-server.ts";
import type { TlsConfig } from "../../src/config/config.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { writeCertificate } from "../fixtures/certificates.ts";
import { configOf, openRegistry, openServed } from "../fixtures/in-process-registry.ts";
import { runProgram } from "../fixtures/program.ts";
import { plainRequest, RawConnection, sendRaw } from "../fixtures/raw-http.ts";

const PING = plainRequest("GET", "/v2/");
const LOOPBACK = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
const temporary = (): Promise<AsyncDisposable & { readonly path: string }> =>
  mkdtempDisposable(join(tmpdir(), "barge-listen-"));

async function nameShownAt(origin: string | URL): Promise<string> {
  using connection = await RawConnection.open(new URL(origin));
  const { subject } = (connection.socket as TLSSocket).getPeerCertificate();
  connection.send(PING);
  expect((await connection.answer()).status).toBe(200);
  return String(subject.CN);
}

async function openWithTls(
  files: { readonly certificate: string; readonly key: string },
  log = new RecordingLogger(),
): Promise<AsyncDisposable & { readonly address: string }> {
  const tls: TlsConfig = {
    ...files,
    minimumVersion: "TLSv1.2",
    cipherSuites: [],
    clientCertificates: undefined,
  };
  return await startServer({
    listen: LOOPBACK,
    tls,
    listener: (_incoming, outgoing) => void outgoing.end(),
    log,
    certificatePollMs: 5,
  });
}

describe("TLS", () => {
  it("is spoken with the certificate of the config, and Location says https", async () => {
    await using folder = await temporary();
    const tls = await writeCertificate(folder.path, "one.test");
    await using registry = await openRegistry({ sections: { http: { addr: "127.0.0.1:0", tls } } });
    expect(registry.origin.protocol).toBe("https:");
    expect(await nameShownAt(registry.origin)).toBe("one.test");
    const start = plainRequest("POST", "/v2/a/blobs/uploads/", ["Content-Length: 0"]);
    const { headers } = await sendRaw(registry.origin, start);
    expect(headers["location"]).toMatch(/^https:\/\/registry\.test\/v2\//);
  });

  it("is spoken from the oldest version on that the config allows", async () => {
    await using folder = await temporary();
    const tls = { ...(await writeCertificate(folder.path, "one.test")), minimumtls: "tls1.3" };
    await using registry = await openRegistry({ sections: { http: { addr: "127.0.0.1:0", tls } } });
    const version = async (max: "TLSv1.2" | "TLSv1.3"): Promise<string | null> => {
      using connection = await RawConnection.open(registry.origin, { maxVersion: max });
      return (connection.socket as TLSSocket).getProtocol();
    };
    expect(await version("TLSv1.3")).toBe("TLSv1.3");
    await expect(version("TLSv1.2")).rejects.toHaveProperty("code");
  });

  it("shows a replaced certificate to new connections and lets old ones be", async () => {
    await using folder = await temporary();
    const files = await writeCertificate(folder.path, "old.test");
    await using server = await openWithTls(files);
    using old = await RawConnection.open(new URL(server.address));
    await writeCertificate(folder.path, "new.test");
    await vi.waitUntil(async () => (await nameShownAt(server.address)) === "new.test", {
      timeout: 20_000,
    });
    old.send(PING);
    expect((await old.answer()).status).toBe(200);
  });

  it("keeps the old certificate while the new files do not fit, and takes them once they do", async () => {
    await using folder = await temporary();
    const files = await writeCertificate(folder.path, "old.test");
    const log = new RecordingLogger();
    await using server = await openWithTls(files, log);
    await writeFile(files.key, "no key");
    await vi.waitUntil(() => log.lines.some(({ level }) => level === "error"), { timeout: 20_000 });
    expect(await nameShownAt(server.address)).toBe("old.test");
    await writeCertificate(folder.path, "new.test");
    await vi.waitUntil(async () => (await nameShownAt(server.address)) === "new.test", {
      timeout: 20_000,
    });
  });

  it("is not begun without its files", async () => {
    const tls = { certificate: "/nowhere/cert.pem", key: "/nowhere/key.pem" };
    const opening = openRegistry({ sections: { http: { addr: "127.0.0.1:0", tls } } });
    await expect(opening).rejects.toThrow(
      /^http\.tls: cannot read \/nowhere\/(?:cert|key)\.pem: ENOENT/,
    );
  });
});

describe("a unix socket", () => {
  const http = (addr: string): Readonly<Record<string, unknown>> => ({
    http: { addr, net: "unix" },
  });

  it("is listened on, open to owner and group, and removed at the end", async () => {
    await using folder = await temporary();
    const path = join(folder.path, "registry.sock");
    const served = await openServed(http(path));
    expect(served.address).toBe(path);
    expect((await stat(path)).mode % 0o1000).toBe(0o660);
    const { status, body } = await sendRaw(path, PING);
    expect([status, body.toString()]).toEqual([200, "{}"]);
    await served.stop();
    await expect(stat(path)).rejects.toHaveProperty("code", "ENOENT");
  });

  it("that a dead process left is taken over", async () => {
    await using folder = await temporary();
    const path = join(folder.path, "registry.sock");
    const listen = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    await runProgram({ command: [process.execPath, "-e", listen] }).catch(() => undefined);
    expect((await stat(path)).isSocket()).toBe(true);
    await using served = await openServed(http(path));
    expect((await sendRaw(served.address, PING)).status).toBe(200);
  });

  it("that another process listens on is left to it", async () => {
    await using folder = await temporary();
    const path = join(folder.path, "registry.sock");
    await using other = createServer((socket) => {
      socket.on("error", () => undefined).end("other");
    }).listen(path);
    await once(other, "listening");
    await expect(openServed(http(path))).rejects.toThrow(/^cannot listen on .*registry\.sock: /);
    expect((await stat(path)).isSocket()).toBe(true);
  });

  it("never takes the place of a file", async () => {
    await using folder = await temporary();
    const path = join(folder.path, "precious");
    await writeFile(path, "precious");
    await expect(openServed(http(path))).rejects.toHaveProperty("kind", "ListenFailed");
    expect((await stat(path)).size).toBe(8);
  });
});

it("an address that is taken is told with its reason", async () => {
  await using first = await openRegistry();
  const { http } = await configOf({ http: { addr: first.origin.host } });
  const options = { listen: http.listen, tls: undefined, log: new RecordingLogger() };
  await expect(startServer({ ...options, listener: () => undefined })).rejects.toMatchObject({
    kind: "ListenFailed",
    message: expect.stringContaining(first.origin.host) as unknown,
  });
});
