import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLoopbackServer } from "../fakes/loopback-server.ts";
import { writeCertificate } from "../fixtures/certificates.ts";
import {
  type Issuers,
  issuersOf,
  jwk,
  jwkOf,
  MINUTE_MS,
  NOW,
  privateKey,
  publicKey,
  tokenWith,
} from "./job-tokens.ts";

const UNAVAILABLE = { kind: "AuthUnavailable" };
const REFUSED = { kind: "CredentialsRefused" };

/** An issuer whose keys come by what the test makes of each request. */
async function openIssuer(
  resources: AsyncDisposableStack,
  respond: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<Issuers & { readonly requests: string[]; readonly url: string }> {
  const requests: string[] = [];
  const server = resources.use(
    await openLoopbackServer((request, response) => {
      requests.push(request.url ?? "");
      respond(response, request);
    }),
  );
  return { ...issuersOf({ jwks: `${server.url}/keys` }), requests, url: server.url };
}

function sendKeys(response: ServerResponse, keys: readonly unknown[] = [jwk]): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ keys }));
}

/** The error that a promise rejects with; awaited later than it may come. */
async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.catch((error: unknown) => error);
}

describe("keys of an issuer", () => {
  it("are fetched once for many tokens at the same time", async () => {
    await using resources = new AsyncDisposableStack();
    const { workloads, requests } = await openIssuer(resources, (response) => sendKeys(response));
    await Promise.all(Array.from({ length: 20 }, () => workloads.verify(tokenWith())));
    await workloads.verify(tokenWith());
    expect(requests).toEqual(["/keys"]);
  });

  it("are fetched anew for an unknown id, but not twice in half a minute", async () => {
    await using resources = new AsyncDisposableStack();
    let keys = [jwk];
    const { workloads, requests, clock } = await openIssuer(resources, (response) =>
      sendKeys(response, keys),
    );
    await workloads.verify(tokenWith());
    keys = [jwkOf(publicKey.export({ format: "jwk" }), "k2")];
    const fresh = tokenWith({}, { kid: "k2" });
    await expect(workloads.verify(fresh)).rejects.toMatchObject(REFUSED);
    expect(requests).toHaveLength(1);
    await clock.advance(30_000);
    expect((await workloads.verify(fresh)).issuer).toBe("github");
    await expect(workloads.verify(tokenWith())).rejects.toMatchObject(REFUSED);
    expect(requests).toHaveLength(2);
  });

  it("stay good for a day when the issuer goes down", async () => {
    await using resources = new AsyncDisposableStack();
    let isDown = false;
    const { workloads, requests, clock, log } = await openIssuer(resources, (response) => {
      if (isDown) response.writeHead(503).end();
      else sendKeys(response);
    });
    await workloads.verify(tokenWith());
    isDown = true;
    await clock.advance(23 * 60 * MINUTE_MS);
    const later = { iat: NOW + 23 * 3600, nbf: NOW, exp: NOW + 24 * 3600 };
    expect((await workloads.verify(tokenWith(later))).issuer).toBe("github");
    expect(requests).toHaveLength(2);
    expect(log.lines.map(({ message }) => message)).toEqual(["cannot get the keys of an issuer"]);
    await clock.advance(60 * MINUTE_MS);
    const muchLater = { iat: NOW + 24 * 3600, nbf: NOW, exp: NOW + 25 * 3600 };
    await expect(workloads.verify(tokenWith(muchLater))).rejects.toMatchObject(UNAVAILABLE);
  });

  it("are not asked for again at once when the issuer is down", async () => {
    await using resources = new AsyncDisposableStack();
    const { workloads, requests, clock } = await openIssuer(resources, (response) =>
      response.writeHead(500).end(),
    );
    for (const _ of [1, 2, 3]) {
      await expect(workloads.verify(tokenWith())).rejects.toMatchObject(UNAVAILABLE);
    }
    expect(requests).toHaveLength(1);
    await clock.advance(30_000);
    await expect(workloads.verify(tokenWith())).rejects.toMatchObject(UNAVAILABLE);
    expect(requests).toHaveLength(2);
  });

  it("are not waited for longer than five seconds", async () => {
    await using resources = new AsyncDisposableStack();
    const asked = Promise.withResolvers<void>();
    const { workloads, clock } = await openIssuer(resources, () => asked.resolve());
    const verifying = outcomeOf(workloads.verify(tokenWith()));
    await asked.promise;
    await clock.advance(5000);
    expect(await verifying).toMatchObject(UNAVAILABLE);
  });

  it("are not waited for when their answer stops halfway", async () => {
    await using resources = new AsyncDisposableStack();
    const asked = Promise.withResolvers<void>();
    const { workloads, clock } = await openIssuer(resources, (response) => {
      response.write('{"keys":[');
      asked.resolve();
    });
    const verifying = outcomeOf(workloads.verify(tokenWith()));
    await asked.promise;
    await clock.advance(5000);
    expect(await verifying).toMatchObject(UNAVAILABLE);
  });

  it("that are known are not waited for while unknown ones are asked for", async () => {
    await using resources = new AsyncDisposableStack();
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    let isStuck = false;
    const { workloads, clock } = await openIssuer(resources, (response) => {
      if (isStuck) resolve();
      else sendKeys(response);
    });
    await workloads.verify(tokenWith());
    isStuck = true;
    await clock.advance(30_000);
    const unknown = outcomeOf(workloads.verify(tokenWith({}, { kid: "k2" })));
    await asked;
    expect((await workloads.verify(tokenWith())).issuer).toBe("github");
    await clock.advance(5000);
    expect(await unknown).toMatchObject(REFUSED);
  });

  const bad: Readonly<Record<string, (response: ServerResponse) => void>> = {
    "a page of HTML": (response) => response.end("<html>sign in</html>"),
    nothing: (response) => response.end(),
    "a list": (response) => response.end("[]"),
    "no keys": (response) => sendKeys(response, []),
    "a set without end": (response) =>
      response.end(JSON.stringify({ keys: [jwk], more: "x".repeat(2 ** 20) })),
    "two sets in one": (response) => response.end('{"keys":[],"keys":[]}'),
    "too many keys": (response) =>
      sendKeys(
        response,
        Array.from({ length: 101 }, () => jwk),
      ),
    "a redirect": (response) => response.writeHead(302, { location: "/other" }).end(),
    "an error": (response) => response.writeHead(404).end(JSON.stringify({ keys: [jwk] })),
    "a broken connection": (response) => void response.destroy(),
    "private keys": (response) =>
      sendKeys(response, [jwkOf(privateKey.export({ format: "jwk" }), "k1")]),
    secrets: (response) => sendKeys(response, [{ kty: "oct", kid: "k1", k: "AAAA" }]),
    "keys without ids": (response) => sendKeys(response, [{ ...jwk, kid: undefined }]),
  };

  it.each(Object.entries(bad))("cannot be had from %s", async (_, respond) => {
    await using resources = new AsyncDisposableStack();
    const { workloads, requests } = await openIssuer(resources, respond);
    await expect(workloads.verify(tokenWith())).rejects.toMatchObject(UNAVAILABLE);
    expect(requests).toEqual(["/keys"]);
  });

  it("are refused when two have one id", async () => {
    await using resources = new AsyncDisposableStack();
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    const { workloads } = await openIssuer(resources, (response) =>
      sendKeys(response, [jwk, jwkOf(other.export({ format: "jwk" }), "k1")]),
    );
    await expect(workloads.verify(tokenWith())).rejects.toThrow("several keys");
  });

  it.each([
    ["for encryption", { use: "enc" }],
    ["for another algorithm", { alg: "ES384" }],
    ["damaged", { x: "AAAA" }],
  ])("do not verify when they are %s", async (_, changes) => {
    await using resources = new AsyncDisposableStack();
    const { workloads } = await openIssuer(resources, (response) =>
      sendKeys(response, [{ ...jwk, ...changes }]),
    );
    await expect(workloads.verify(tokenWith())).rejects.toMatchObject(REFUSED);
  });
});

describe("over TLS, keys", () => {
  interface TlsIssuer {
    readonly url: string;
    readonly certificate: string;
  }

  /** An issuer with a certificate of its own; discovery leads to `keysAt`. */
  async function openTlsIssuer(
    resources: AsyncDisposableStack,
    keysAt: string,
  ): Promise<TlsIssuer> {
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-issuer-")));
    const { certificate, key } = await writeCertificate(folder.path, "localhost");
    const options = { cert: await readFile(certificate), key: await readFile(key) };
    const server = createServer(options, ({ url, headers }, response) => {
      if (url === "/keys") sendKeys(response);
      else {
        const issuer = `https://${headers.host ?? ""}`;
        response.end(JSON.stringify({ issuer, jwks_uri: keysAt }));
      }
    });
    resources.use(server.listen(0, "localhost"));
    await once(server, "listening");
    return { certificate, url: `https://localhost:${(server.address() as AddressInfo).port}` };
  }

  it("are had by an authority of the issuer's own, and only by that", async () => {
    await using resources = new AsyncDisposableStack();
    const { url, certificate } = await openTlsIssuer(resources, "");
    const jwks = `${url}/keys`;
    const trusting = issuersOf({ jwks, ca: certificate }).workloads;
    expect(await trusting.verify(tokenWith())).toMatchObject({ issuer: "github" });
    const wary = issuersOf({ jwks }).workloads;
    expect(await outcomeOf(wary.verify(tokenWith()))).toMatchObject(UNAVAILABLE);
  });

  it("are not had without it, once the issuer speaks it", async () => {
    await using resources = new AsyncDisposableStack();
    const plain = resources.use(await openLoopbackServer((_, response) => sendKeys(response)));
    const { url, certificate } = await openTlsIssuer(resources, `${plain.url}/keys`);
    const { workloads } = issuersOf({ issuer: url, ca: certificate });
    expect(await outcomeOf(workloads.verify(tokenWith({ iss: url })))).toMatchObject(UNAVAILABLE);
  });
});

describe("discovery", () => {
  interface Discovered {
    readonly issuer?: string;
    readonly keysAt?: string;
  }

  async function verifyAt(
    resources: AsyncDisposableStack,
    { issuer, keysAt }: Discovered,
  ): Promise<{ readonly verifying: Promise<unknown>; readonly requests: readonly string[] }> {
    const requests: string[] = [];
    const server = resources.use(
      await openLoopbackServer((request, response) => {
        requests.push(request.url ?? "");
        if (request.url === "/keys") sendKeys(response);
        else {
          const own = `http://${request.headers.host ?? ""}`;
          response.end(
            JSON.stringify({ issuer: issuer ?? own, jwks_uri: keysAt ?? `${own}/keys` }),
          );
        }
      }),
    );
    const { workloads } = issuersOf({ issuer: server.url });
    return { verifying: workloads.verify(tokenWith({ iss: server.url })), requests };
  }

  it("leads to the keys", async () => {
    await using resources = new AsyncDisposableStack();
    const { verifying, requests } = await verifyAt(resources, {});
    expect(await verifying).toMatchObject({ issuer: "github" });
    expect(requests).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  it.each([
    ["it is about another issuer", { issuer: "https://elsewhere.example" }],
    ["the keys are not reached safely", { keysAt: "http://issuer.example/keys" }],
    ["the keys are a file", { keysAt: "file:///etc/passwd" }],
    ["the keys want a password", { keysAt: "https://a:b@127.0.0.1/keys" }],
    ["the keys are nowhere", { keysAt: "nowhere" }],
  ])("ends where %s", async (_, discovered) => {
    await using resources = new AsyncDisposableStack();
    const { verifying, requests } = await verifyAt(resources, discovered);
    await expect(verifying).rejects.toMatchObject(UNAVAILABLE);
    expect(requests).toEqual(["/.well-known/openid-configuration"]);
  });

  it.each(["http://issuer.example", "ftp://127.0.0.1", "http://127.0.0.1.example"])(
    "is not tried at %s",
    async (issuer) => {
      const { workloads, log } = issuersOf({ issuer });
      await expect(workloads.verify(tokenWith({ iss: issuer }))).rejects.toMatchObject(UNAVAILABLE);
      expect(log.lines[0]?.fields["error"]).toContain("neither https nor this machine");
    },
  );
});
