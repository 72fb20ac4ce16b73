import { describe, expect, it } from "vitest";
import { debugHandler } from "../../src/observability/debug-handler.ts";
import {
  debugVars,
  type EndpointFigures,
  sumEndpoints,
  sumMemory,
} from "../../src/observability/debug-vars.ts";
import { type Metrics, NO_METRICS } from "../../src/observability/metrics.ts";
import { openLoopbackServer } from "../fakes/loopback-server.ts";

const METRICS: Metrics = {
  ...NO_METRICS,
  render: () => Promise.resolve({ contentType: "text/plain; version=0.0.4", text: "up 1\n" }),
};

describe("debugHandler()", () => {
  it("answers /debug/health with {} when all is well", async () => {
    await using server = await open({});
    const response = await fetch(`${server.url}/debug/health`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe("{}");
  });

  it("answers /debug/health with 503 and what is wrong", async () => {
    await using server = await open({ failures: { "/tmp/drain": "file exists" } });
    const response = await fetch(`${server.url}/debug/health?x=1`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ "/tmp/drain": "file exists" });
  });

  it("answers HEAD without a body", async () => {
    await using server = await open({});
    const response = await fetch(`${server.url}/debug/health`, { method: "HEAD" });
    expect(response.headers.get("content-length")).toBe("2");
    expect(await response.text()).toBe("");
  });

  it("answers the metrics under their path only", async () => {
    await using server = await open({ prometheusPath: "/stats" });
    const response = await fetch(`${server.url}/stats`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4");
    expect(await response.text()).toBe("up 1\n");
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });

  it("has no metrics page when Prometheus is off", async () => {
    await using server = await open({});
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });

  it("answers /debug/vars", async () => {
    await using server = await open({});
    const response = await fetch(`${server.url}/debug/vars`);
    expect(await response.json()).toEqual({ cmdline: ["barge"] });
  });

  it.each(["/", "/debug", "/debug/health/", "/debug/health/down", "/v2/"])(
    "answers 404 to %s",
    async (path) => {
      await using server = await open({});
      const response = await fetch(server.url + path);
      expect([response.status, await response.text()]).toEqual([404, "404 page not found\n"]);
    },
  );

  it("refuses to be written to", async () => {
    await using server = await open({});
    const response = await fetch(`${server.url}/debug/health`, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("answers 500 without a reason when a page fails", async () => {
    const vars = (): object => {
      throw new Error("c4n4ry");
    };
    await using server = await open({ vars });
    const response = await fetch(`${server.url}/debug/vars`);
    expect([response.status, await response.text()]).toEqual([500, "the page could not be made\n"]);
  });
});

describe("debugVars()", () => {
  const memory = { heapUsed: 1, heapTotal: 2, rss: 3, external: 4, arrayBuffers: 5 };

  it("lays figures out as tools expect them", () => {
    const vars = debugVars({
      commandLine: ["barge", "serve"],
      memory,
      endpoints: [
        {
          name: "audit",
          url: "https://user:c4n4ry@host/hook?token=c4n4ry&a=b",
          pending: 2,
          outcomes: { Events: 5, Successes: 3, Failures: 1, Errors: 4, Dropped: 0 },
          statuses: { "200 OK": 3, "500 Internal Server Error": 1 },
        },
      ],
    });
    expect(vars).toEqual({
      cmdline: ["barge", "serve"],
      memstats: { Alloc: 1, HeapAlloc: 1, HeapSys: 2, Sys: 3, External: 4, ArrayBuffers: 5 },
      registry: {
        notifications: {
          endpoints: [
            {
              name: "audit",
              url: "https://host/hook?token=[redacted]&a=b",
              Metrics: {
                Pending: 2,
                Events: 5,
                Successes: 3,
                Failures: 1,
                Errors: 4,
                Dropped: 0,
                Statuses: { "200 OK": 3, "500 Internal Server Error": 1 },
              },
            },
          ],
        },
      },
    });
  });

  it("hides secrets on the command line", () => {
    const commandLine = ["barge", "--token", "c4n4ry", "--password=c4n4ry", "--config", "a.yml"];
    expect(debugVars({ commandLine, memory, endpoints: [] })).toMatchObject({
      cmdline: ["barge", "--token", "[redacted]", "--password=[redacted]", "--config", "a.yml"],
    });
  });
});

describe("figures of several processes", () => {
  const endpoint = (pending: number, statuses: Record<string, number>): EndpointFigures => ({
    name: "audit",
    url: "https://host/hook",
    pending,
    outcomes: { Events: pending, Successes: 2, Failures: 3, Errors: 4, Dropped: 5 },
    statuses,
  });

  it("sumMemory() adds each size", () => {
    const memory = { heapUsed: 1, heapTotal: 2, rss: 3, external: 4, arrayBuffers: 5 };
    expect(sumMemory([memory, memory])).toEqual({
      heapUsed: 2,
      heapTotal: 4,
      rss: 6,
      external: 8,
      arrayBuffers: 10,
    });
  });

  it("sumEndpoints() has each endpoint once, with all of its statuses", () => {
    const sums = sumEndpoints([
      [endpoint(1, { "200 OK": 1, "500 Oh": 2 })],
      [endpoint(10, { "200 OK": 10 })],
      [endpoint(100, { "404 No": 7 })],
    ]);
    expect(sums).toEqual([
      {
        name: "audit",
        url: "https://host/hook",
        pending: 111,
        outcomes: { Events: 111, Successes: 6, Failures: 9, Errors: 12, Dropped: 15 },
        statuses: { "200 OK": 11, "500 Oh": 2, "404 No": 7 },
      },
    ]);
    expect(sumEndpoints([])).toEqual([]);
  });
});

function open(options: {
  failures?: Record<string, string>;
  prometheusPath?: string;
  vars?: () => object;
}): ReturnType<typeof openLoopbackServer> {
  const { failures = {}, prometheusPath, vars = () => ({ cmdline: ["barge"] }) } = options;
  const handler = debugHandler({
    failures: () => Promise.resolve(failures),
    metrics: () => METRICS.render(),
    vars: async () => vars(),
    prometheusPath,
  });
  return openLoopbackServer(handler);
}
