import { once } from "node:events";
import { rm, writeFile, mkdtempDisposable } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  fileCheck,
  httpCheck,
  storageCheck,
  tcpCheck,
} from "../../src/observability/health-checks.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { openLoopbackServer } from "../fakes/loopback-server.ts";

const TIMING = { intervalMs: 10_000, threshold: 1 };
const { signal } = new AbortController();

describe("fileCheck()", () => {
  it("is bad while the file is there", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "health-"));
    const file = join(folder.path, "drain");
    const check = fileCheck({ ...TIMING, file });
    expect(check.name).toBe(file);
    await expect(check.run(signal)).resolves.toBeUndefined();
    await writeFile(file, "");
    await expect(check.run(signal)).rejects.toThrow("file exists");
    await rm(file);
    await expect(check.run(signal)).resolves.toBeUndefined();
  });

  it("is bad when the file cannot be looked at", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "health-"));
    const file = join(folder.path, "x".repeat(300));
    await expect(fileCheck({ ...TIMING, file }).run(signal)).rejects.toThrow("ENAMETOOLONG");
  });
});

describe("httpCheck()", () => {
  const options = { ...TIMING, headers: {}, statusCode: 200, timeoutMs: 1000 };

  it("asks by HEAD with its headers", async () => {
    let seen: { method: string | undefined; headers: IncomingHttpHeaders } | undefined;
    await using server = await openLoopbackServer((incoming, outgoing) => {
      seen = { method: incoming.method, headers: incoming.headers };
      outgoing.end();
    });
    const headers = { "X-Key": ["a", "b"] };
    const check = httpCheck({ ...options, headers, uri: `${server.url}/x` });
    await check.run(signal);
    expect(check.name).toBe(`${server.url}/x`);
    expect(seen?.method).toBe("HEAD");
    expect(seen?.headers["x-key"]).toBe("a, b");
  });

  it("is bad on another status than the expected one", async () => {
    await using server = await openLoopbackServer((_, outgoing) => {
      outgoing.writeHead(204).end();
    });
    const uri = server.url;
    await expect(httpCheck({ ...options, uri }).run(signal)).rejects.toThrow("status 204");
    const check = httpCheck({ ...options, statusCode: 204, uri });
    await expect(check.run(signal)).resolves.toBeUndefined();
  });

  it("follows redirects, and gives its headers to the first origin only", async () => {
    const keys: unknown[] = [];
    await using other = await openLoopbackServer((incoming, outgoing) => {
      keys.push(incoming.headers["x-key"]);
      outgoing.end();
    });
    await using server = await openLoopbackServer((incoming, outgoing) => {
      keys.push(incoming.headers["x-key"]);
      const location = incoming.url === "/1" ? "/2" : other.url;
      outgoing.writeHead(302, { location }).end();
    });
    const headers = { "x-key": ["k"] };
    await httpCheck({ ...options, headers, uri: `${server.url}/1` }).run(signal);
    expect(keys).toEqual(["k", "k", undefined]);
  });

  it("is bad when redirects do not end", async () => {
    await using server = await openLoopbackServer((_, outgoing) => {
      outgoing.writeHead(302, { location: "/" }).end();
    });
    const check = httpCheck({ ...options, uri: server.url });
    await expect(check.run(signal)).rejects.toMatchObject({ kind: "TooManyRedirects" });
  });

  it("is bad when no answer comes in time", async () => {
    const asked = Promise.withResolvers<void>();
    await using server = await openLoopbackServer(() => asked.resolve());
    const clock = new FakeClock();
    const running = httpCheck({ ...options, uri: server.url, clock }).run(signal);
    await asked.promise;
    const [outcome] = await Promise.allSettled([running, clock.advance(1000)]);
    expect(outcome).toMatchObject({ reason: { kind: "TimeLimitExceeded" } });
  });

  it("is bad when nobody listens", async () => {
    const uri = `http://127.0.0.1:${await closedPort()}/`;
    await expect(httpCheck({ ...options, uri }).run(signal)).rejects.toThrow("ECONNREFUSED");
  });
});

describe("tcpCheck()", () => {
  it("is well when a connection can be made", async () => {
    await using server = await openLoopbackServer(() => undefined);
    const address = `127.0.0.1:${server.port}`;
    const check = tcpCheck({ ...TIMING, address, timeoutMs: 1000 });
    expect(check.name).toBe(address);
    await expect(check.run(signal)).resolves.toBeUndefined();
  });

  it.each(["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT"])(
    "is bad when nobody listens on %s",
    async (pattern) => {
      const address = pattern.replace("PORT", String(await closedPort()));
      const check = tcpCheck({ ...TIMING, address, timeoutMs: 0 });
      await expect(check.run(signal)).rejects.toMatchObject({
        code: expect.stringMatching(/^(ECONNREFUSED|EADDRNOTAVAIL)$/),
      });
    },
  );

  it("is given up when its signal aborts", async () => {
    const reason = new Error("stop");
    const check = tcpCheck({ ...TIMING, address: "127.0.0.1:9", timeoutMs: 1000 });
    await expect(check.run(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("storageCheck()", () => {
  it("is named after the driver and is bad when the probe is", async () => {
    const probe = (): Promise<void> => Promise.reject(new Error("disk full"));
    const check = storageCheck({ ...TIMING, driver: "filesystem", probe });
    expect(check.name).toBe("storagedriver_filesystem");
    await expect(check.run(signal)).rejects.toThrow("disk full");
  });

  it("is bad when the probe hangs", async () => {
    const clock = new FakeClock();
    const probe = (limited: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        limited.addEventListener("abort", () => reject(limited.reason));
      });
    const running = storageCheck({ ...TIMING, driver: "s3", probe, clock }).run(signal);
    const [outcome] = await Promise.allSettled([running, clock.advance(30_000)]);
    expect(outcome).toMatchObject({ reason: { kind: "TimeLimitExceeded" } });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await server[Symbol.asyncDispose]();
  return port;
}
