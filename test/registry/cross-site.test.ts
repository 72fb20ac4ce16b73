import { afterEach, beforeEach, expect, it } from "vitest";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";

let registry: InProcessRegistry;
beforeEach(async () => {
  const headers = { "Access-Control-Allow-Origin": ["https://ui.example.com"] };
  registry = await openRegistry({ sections: { http: { addr: "127.0.0.1:0", headers } } });
});
afterEach(() => registry[Symbol.asyncDispose]());

async function statusOf(method: string, headers: Record<string, string>): Promise<number> {
  const path = method === "GET" ? "/v2/" : "/v2/a/blobs/uploads/";
  const response = await fetch(new URL(path, registry.origin), { method, headers });
  await response.arrayBuffer();
  return response.status;
}

it.each([
  ["no browser", {}, 202],
  ["the registry's own page", { "sec-fetch-site": "same-origin" }, 202],
  ["a link that somebody typed", { "sec-fetch-site": "none" }, 202],
  ["another site", { "sec-fetch-site": "cross-site" }, 403],
  ["another site of an old browser", { origin: "https://evil.example" }, 403],
  ["a page without an origin", { origin: "null" }, 403],
  ["a user interface that the config lets in", { origin: "https://ui.example.com" }, 202],
] as const)("an upload is begun by %s: %o is answered %i", async (_, headers, status) => {
  expect(await statusOf("POST", headers)).toBe(status);
});

it("whatever changes nothing is answered to any page", async () => {
  expect(await statusOf("GET", { "sec-fetch-site": "cross-site" })).toBe(200);
});
