import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TrustUnusable } from "../../src/client/errors.ts";
import { certificateFolders, loadTrust } from "../../src/client/trust.ts";

const resources = { stack: new AsyncDisposableStack() };
let folder: string;

beforeEach(async () => {
  resources.stack = new AsyncDisposableStack();
  folder = resources.stack.use(await mkdtempDisposable(join(tmpdir(), "barge-trust-"))).path;
});
afterEach(async () => resources.stack.disposeAsync());

async function write(name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `PEM of ${name}`);
  return path;
}

const basis = { host: "reg.test:5000", caFile: undefined, insecure: false, environment: {} };

it("loadTrust() has the authorities of the system", async () => {
  const trust = await loadTrust({ ...basis, certificateFolders: [] });
  expect(trust.ca).toEqual(expect.arrayContaining([...rootCertificates]));
  expect(trust).toMatchObject({ rejectUnauthorized: true, cert: [], key: [] });
});

it("loadTrust() adds the files that are named, and SSL_CERT_FILE stands for the system", async () => {
  const environment = {
    SSL_CERT_FILE: await write("system"),
    NODE_EXTRA_CA_CERTS: await write("extra"),
  };
  const caFile = await write("own");
  const trust = await loadTrust({ ...basis, caFile, environment, certificateFolders: [] });
  expect(trust.ca).toEqual(["PEM of system", "PEM of extra", "PEM of own"]);
});

it("loadTrust() takes authorities and pairs from the host's folders, and from no other host's", async () => {
  for (const host of ["reg.test:5000", "reg.test"])
    await mkdir(join(folder, "certs.d", host), { recursive: true });
  const names = [
    "reg.test:5000/ca.crt",
    "reg.test:5000/a.cert",
    "reg.test:5000/a.key",
    "reg.test/b.crt",
  ];
  for (const name of names) await write(join("certs.d", name));
  const environment = { SSL_CERT_FILE: await write("system") };
  const certificates = [join(folder, "certs.d"), join(folder, "missing")];
  const trust = await loadTrust({ ...basis, environment, certificateFolders: certificates });
  expect(trust.ca).toEqual(["PEM of system", "PEM of certs.d/reg.test:5000/ca.crt"]);
  expect(trust.cert).toEqual(["PEM of certs.d/reg.test:5000/a.cert"]);
  expect(trust.key).toEqual(["PEM of certs.d/reg.test:5000/a.key"]);
});

it("loadTrust() verifies nothing where that is asked for", async () => {
  const trust = await loadTrust({ ...basis, insecure: true, certificateFolders: [] });
  expect(trust).toEqual({ rejectUnauthorized: false, ca: [], cert: [], key: [] });
});

it("loadTrust() names the file that cannot be read", async () => {
  const loading = loadTrust({ ...basis, caFile: "/nowhere/ca.pem", certificateFolders: [] });
  await expect(loading).rejects.toThrow(TrustUnusable);
  await expect(loading).rejects.toThrow("/nowhere/ca.pem");
});

it("certificateFolders() are those of docker and of containers", () => {
  expect(certificateFolders({ HOME: "/home/a" })).toEqual([
    "/home/a/.config/containers/certs.d",
    "/home/a/.config/docker/certs.d",
    "/etc/containers/certs.d",
    "/etc/docker/certs.d",
  ]);
  expect(certificateFolders({})).toHaveLength(2);
});
