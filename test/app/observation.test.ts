/** What is written down about requests: the access log, the log and the pages of the debug server. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { openRegistry } from "../fixtures/in-process-registry.ts";
import { pushImage } from "../fixtures/pushing.ts";
import { startProgram } from "../fixtures/program.ts";
import { plainRequest, sendRaw } from "../fixtures/raw-http.ts";

const LAUNCHER = fileURLToPath(new URL("../../deploy/barge", import.meta.url));
const WAIT = { timeout: 20_000 };

describe("the access log", () => {
  async function lineFor(target: string, lines: readonly string[] = []): Promise<string> {
    await using registry = await openRegistry();
    await sendRaw(registry.origin, plainRequest("GET", target, lines));
    await vi.waitUntil(() => registry.accessLog.lines.length === 1, WAIT);
    return registry.accessLog.text;
  }

  it("has a line per request in the combined format", async () => {
    const lines = ["User-Agent: test/1.0", "Referer: http://from.test/"];
    expect(await lineFor("/v2/", lines)).toMatch(
      /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/v2\/ HTTP\/1\.1" 200 2 "http:\/\/from\.test\/" "test\/1\.0"\n$/,
    );
  });

  it("tells the client that a trusted proxy tells", async () => {
    expect(await lineFor("/v2/", ["X-Forwarded-For: 203.0.113.9, 10.0.0.1"])).toMatch(
      /^203\.0\.113\.9 - - /,
    );
    expect(await lineFor("/v2/", ["X-Forwarded-For: 2001:db8::1"])).toMatch(/^2001:db8::1 - - /);
  });

  it("keeps secrets of the query and control characters out", async () => {
    const line = await lineFor("/v2/a/blobs/uploads/x?_state=canary&a=1", ['User-Agent: a\tc"d']);
    expect(line).not.toContain("canary");
    // oxlint-disable-next-line eslint/no-control-regex -- that none of them is there is the point
    expect(line).toMatch(/^[^\u0000-\u001f\u007f]+\n$/);
  });

  it("counts the bytes of bodies, and none for HEAD", async () => {
    await using registry = await openRegistry();
    const { layer } = await pushImage(registry.origin, "a");
    const path = `/v2/a/blobs/${layer.digest}`;
    await sendRaw(registry.origin, plainRequest("GET", path));
    await sendRaw(registry.origin, plainRequest("HEAD", path));
    const { accessLog } = registry;
    await vi.waitUntil(() => accessLog.text.includes(`"HEAD ${path} HTTP/1.1" 200 0 `), WAIT);
    expect(accessLog.text).toContain(`"GET ${path} HTTP/1.1" 200 100 `);
  });
});

describe("the log", () => {
  it("tells of each request under the names of the reference registry", async () => {
    await using registry = await openRegistry();
    await sendRaw(registry.origin, plainRequest("GET", "/v2/a/b/manifests/v1"));
    const { lines } = registry.log;
    await vi.waitUntil(() => lines.some(({ message }) => message.startsWith("response")), WAIT);
    expect(lines.findLast(({ message }) => message.startsWith("response"))).toMatchObject({
      level: "error",
      message: "response completed with error",
      fields: {
        "http.request.method": "GET",
        "http.request.host": "registry.test",
        "http.request.uri": "/v2/a/b/manifests/v1",
        "http.response.status": 404,
        "vars.name": "a/b",
        "vars.reference": "v1",
      },
    });
  });
});

it("the debug server tells of health, requests, the store and the program", async () => {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-debug-"))).path;
  const socket = join(folder, "registry.sock");
  const drain = join(folder, "drain");
  const config = join(folder, "config.yml");
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(folder, "data") } },
      health: { file: [{ file: drain, interval: "20ms" }] },
      http: {
        addr: socket,
        net: "unix",
        debug: { addr: "127.0.0.1:0", prometheus: { enabled: true, path: "/metrics" } },
      },
    }),
  );
  const env = { PATH: "/usr/bin:/bin", HOME: folder, BARGE_NODE: process.execPath };
  const program = { command: [LAUNCHER, "serve", config] as const, env };
  const { ready } = await startProgram(resources, program, /debug server listening (http:\S+?)"/);
  const page = async (path: string): Promise<Response> => await fetch(`${ready[1]}${path}`);
  const ask = async (method: string, path: string): Promise<number> =>
    (await sendRaw(socket, plainRequest(method, path, ["Content-Length: 0"]))).status;
  const isUp = async (): Promise<boolean> => (await ask("GET", "/v2/").catch(() => 0)) === 200;
  await vi.waitUntil(isUp, WAIT);

  expect(await ask("POST", "/v2/a/blobs/uploads/")).toBe(202);
  expect(await ask("GET", "/v2/a/tags/list")).toBe(404);
  const metrics = await (await page("/metrics")).text();
  for (const series of [
    /^registry_http_requests_total\{.*handler="blob_upload".*\} 1$/m,
    /^registry_http_requests_total\{(?=.*code="404")(?=.*method="get")(?=.*handler="tags").*\} 1$/m,
    /^registry_http_request_duration_seconds_bucket\{.*le="0\.005".*\}/m,
    /^registry_http_request_size_bytes_count\{handler="tags"\} 1$/m,
    /^registry_http_response_size_bytes_count\{handler="tags"\} 1$/m,
    /^registry_http_in_flight_requests\{handler="tags"\} 0$/m,
    /^registry_storage_action_seconds_count\{(?=.*driver="filesystem")(?=.*action="PutContent").*\}/m,
  ]) {
    expect(metrics).toMatch(series);
  }
  expect(await (await page("/debug/vars")).json()).toHaveProperty("memstats");
  expect((await page("/nothing")).status).toBe(404);

  const health = await page("/debug/health");
  expect([health.status, await health.json()]).toEqual([200, {}]);
  await writeFile(drain, "");
  await vi.waitUntil(async () => (await page("/debug/health")).status === 503, WAIT);
  expect(await (await page("/debug/health")).json()).toHaveProperty([drain]);
  expect(await ask("GET", "/")).toBe(503);
});
