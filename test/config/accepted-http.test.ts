import { createSecureContext } from "node:tls";
import { describe, expect, test } from "vitest";
import { cipherSuiteNames } from "../../src/config/cipher-suites.ts";
import { configOf, read } from "./reading.ts";

const http = (section: string): string =>
  `version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000", ${section}}\n`;
describe("http", () => {
  test.for([
    [":5000", { kind: "tcp", host: "", port: 5000 }],
    ["0.0.0.0:0", { kind: "tcp", host: "0.0.0.0", port: 0 }],
    ["localhost:5000", { kind: "tcp", host: "localhost", port: 5000 }],
    ["[::1]:5000", { kind: "tcp", host: "::1", port: 5000 }],
  ] as const)("addr %s", async ([address, listen]) => {
    const config = await configOf(`version: 0.1\nstorage: inmemory\nhttp: {addr: "${address}"}`);
    expect(config.http.listen).toEqual(listen);
  });

  test("net unix takes the path of a socket", async () => {
    const config = await configOf(
      "version: 0.1\nstorage: inmemory\nhttp: {net: unix, addr: /run/registry.sock}",
    );
    expect(config.http.listen).toEqual({ kind: "unix", path: "/run/registry.sock" });
  });

  test("carries what the section says", async () => {
    const { config } = await read(
      http(
        'prefix: /a/, host: "https://r.example.com:8443/x", relativeurls: yes, draintimeout: 1m, tls: {certificate: /c, key: /k, minimumtls: tls1.3}',
      ),
    );
    expect(config.http).toMatchObject({
      prefix: "/a/",
      host: new URL("https://r.example.com:8443/x"),
      relativeUrls: true,
      drainTimeoutMs: 60_000,
      tls: { certificate: "/c", key: "/k", minimumVersion: "TLSv1.3", cipherSuites: [] },
    });
  });

  test("cipher suites come in names that Node takes, with those of TLS 1.3", async () => {
    const { config } = await read(
      http(`tls: {certificate: c, key: k, ciphersuites: [${cipherSuiteNames().join(", ")}]}`),
    );
    const suites = config.http.tls?.cipherSuites ?? [];
    expect(suites).toHaveLength(cipherSuiteNames().length);
    for (const suite of suites) {
      expect(() => createSecureContext({ ciphers: suite })).not.toThrow();
    }
    const one = await configOf(
      http("tls: {certificate: c, key: k, ciphersuites: [TLS_RSA_WITH_AES_128_GCM_SHA256]}"),
    );
    expect(one.http.tls?.cipherSuites).toEqual([
      "AES128-GCM-SHA256",
      "TLS_AES_128_GCM_SHA256",
      "TLS_AES_256_GCM_SHA384",
      "TLS_CHACHA20_POLY1305_SHA256",
    ]);
  });

  test("an empty text is the same as none", async () => {
    const { config } = await read(http("host: '', secret: '', tls: {certificate: '', key: ''}"));
    expect(config.http).toMatchObject({ host: undefined, tls: undefined });
  });

  test("sections that hold nothing but what is off are let through", async () => {
    const { warnings } = await read(
      http("tls: {clientcas: [], letsencrypt: {cachefile: '', hosts: []}}, h2c: {enabled: false}") +
        "redis: {}\nproxy: {remoteurl: ''}\nreporting: {bugsnag: {apikey: ''}}\nauth: none\n" +
        "middleware: {storage: [{name: x, disabled: true}]}\nlog: {hooks: [{disabled: true}]}\n",
    );
    expect(warnings).toEqual([]);
  });
});
