import { mkdtempDisposable, readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../src/app/http-server.ts";
import type { ClientCertificatesConfig } from "../../src/config/config.ts";
import { certificateOf } from "../../src/registry/client-certificate.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { type Authority, type CertificateFiles, writeAuthority } from "../fixtures/certificates.ts";

const resources = new AsyncDisposableStack();
let ours: Authority;
let server: CertificateFiles;
let shown: Readonly<Record<"none" | "ours" | "foreign", CertificateFiles | undefined>>;

beforeAll(async () => {
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-mtls-")));
  ours = await writeAuthority(path, "ours");
  const foreign = await writeAuthority(path, "foreign");
  server = await ours.issue("/CN=registry", "IP:127.0.0.1");
  shown = {
    none: undefined,
    ours: await ours.issue("/CN=alice/O=dev/O=ops"),
    foreign: await foreign.issue("/CN=alice"),
  };
});
afterAll(() => resources.disposeAsync());

/** What the server makes of the client; `cut`: it did not get so far. */
async function askAs(
  who: keyof typeof shown,
  mode: ClientCertificatesConfig["mode"],
): Promise<string> {
  const clientCertificates = { authorities: [ours.certificate], mode };
  await using running = await startServer({
    listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
    tls: { ...server, minimumVersion: "TLSv1.2", cipherSuites: [], clientCertificates },
    log: new RecordingLogger(),
    listener: (incoming, outgoing) => {
      const subject = certificateOf(incoming.socket);
      outgoing.end(subject && `${subject.commonName} of ${subject.organizations.join(", ")}`);
    },
  });
  const files = shown[who];
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asking = request(
    running.address,
    {
      agent: false,
      ca: await readFile(ours.certificate),
      ...(files && { cert: await readFile(files.certificate), key: await readFile(files.key) }),
    },
    resolve,
  );
  asking.on("error", reject).end();
  try {
    return (await (await promise).toArray()).join("");
  } catch {
    return "cut";
  }
}

describe.each([
  ["request", { none: "", ours: "alice of dev, ops", foreign: "" }],
  ["require-any", { none: "cut", ours: "alice of dev, ops", foreign: "" }],
  ["verify-if-given", { none: "", ours: "alice of dev, ops", foreign: "cut" }],
  ["require-and-verify", { none: "cut", ours: "alice of dev, ops", foreign: "cut" }],
] as const)("certificates of clients: %s", (mode, expected) => {
  it.each(["none", "ours", "foreign"] as const)("shown: %s", async (who) => {
    expect(await askAs(who, mode)).toBe(expected[who]);
  });
});
