import { describe, expect, it } from "vitest";
import { createMetrics } from "../../src/observability/create-metrics.ts";
import { NO_METRICS, outlasting } from "../../src/observability/metrics.ts";

const REQUEST = {
  handler: "manifest",
  method: "GET",
  code: 200,
  seconds: 0.02,
  requestBytes: 0,
  responseBytes: 1500,
} as const;

describe("createMetrics()", () => {
  it("counts requests under the names that dashboards know", async () => {
    const metrics = await createMetrics();
    metrics.requestStarted("manifest");
    metrics.requestStarted("manifest");
    metrics.requestFinished(REQUEST);
    const lines = await scrape(metrics);
    expect(lines).toContain(
      'registry_http_requests_total{handler="manifest",code="200",method="get"} 1',
    );
    expect(lines).toContain('registry_http_in_flight_requests{handler="manifest"} 1');
    expect(lines).toContain(
      'registry_http_request_duration_seconds_bucket{le="0.025",handler="manifest",method="get"} 1',
    );
    expect(lines).toContain('registry_http_request_size_bytes_sum{handler="manifest"} 0');
    expect(lines).toContain(
      'registry_http_response_size_bytes_bucket{le="2048",handler="manifest"} 1',
    );
  });

  it("has the reference registry's buckets", async () => {
    const metrics = await createMetrics();
    metrics.requestStarted("manifest");
    metrics.requestFinished(REQUEST);
    const lines = await scrape(metrics);
    expect(bucketsOf(lines, "registry_http_request_duration_seconds")).toEqual(
      "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 25 60 +Inf".split(" "),
    );
    const sizes = Array.from({ length: 22 }, (_, power) => String(1024 * 2 ** power));
    expect(bucketsOf(lines, "registry_http_request_size_bytes")).toEqual([...sizes, "+Inf"]);
    expect(bucketsOf(lines, "registry_http_response_size_bytes")).toEqual([...sizes, "+Inf"]);
  });

  it("times storage actions by driver", async () => {
    const metrics = await createMetrics();
    metrics.storageAction({ driver: "filesystem", action: "PutContent", seconds: 0.2 });
    expect(await scrape(metrics)).toContain(
      'registry_storage_action_seconds_sum{driver="filesystem",action="PutContent"} 0.2',
    );
  });

  it("counts what is refused by the limit that it met", async () => {
    const metrics = await createMetrics();
    metrics.refused("memory");
    metrics.refused("memory");
    expect(await scrape(metrics)).toContain('barge_refused_total{reason="memory"} 2');
  });

  it("renders the figures of several processes as those of one", async () => {
    const [one, other, third] = await Promise.all([1, 2, 3].map(async () => createMetrics()));
    for (const metrics of [one, other, third]) {
      metrics?.requestStarted("manifest");
      metrics?.requestFinished(REQUEST);
    }
    one?.requestStarted("blob");
    const reports = await Promise.all([other, third].map(async (metrics) => metrics?.report()));
    const sent = structuredClone(reports.flatMap((report) => (report ? [report] : [])));
    const lines = ((await one?.render(sent))?.text ?? "").split("\n");
    expect(lines).toContain(
      'registry_http_requests_total{handler="manifest",code="200",method="get"} 3',
    );
    expect(lines).toContain('registry_http_in_flight_requests{handler="blob"} 1');
    expect(lines).toContain(
      'registry_http_request_duration_seconds_bucket{le="0.025",handler="manifest",method="get"} 3',
    );
    expect(lines).toContain("barge_processes 3");
  });

  it("keeps of a process that is no more what it has counted", async () => {
    const [here, gone] = await Promise.all([createMetrics(), createMetrics()]);
    gone.requestStarted("manifest");
    gone.requestFinished(REQUEST);
    gone.notificationsPending("audit", 7);
    const { text } = await here.render([outlasting(await gone.report())]);
    expect(text).toContain('registry_http_requests_total{handler="manifest",code="200"');
    expect(text).toContain("barge_processes 1\n");
    expect(text).not.toContain('endpoint="audit"} 7');
  });

  it("counts notifications by endpoint", async () => {
    const metrics = await createMetrics();
    metrics.notification("audit", "Events");
    metrics.notificationsPending("audit", 7);
    metrics.notificationStatus("audit", "200 OK");
    expect(await scrape(metrics)).toEqual(
      expect.arrayContaining([
        'registry_notifications_events_total{type="Events",endpoint="audit"} 1',
        'registry_notifications_pending_total{endpoint="audit"} 7',
        'registry_notifications_status_total{code="200 OK",endpoint="audit"} 1',
      ]),
    );
  });

  it("declares each series with its type, and the process's own", async () => {
    const metrics = await createMetrics();
    const { contentType, text } = await metrics.render();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    const types = text.match(/^# TYPE registry_.*$/gm) ?? [];
    expect(types.toSorted()).toEqual([
      "# TYPE registry_http_in_flight_requests gauge",
      "# TYPE registry_http_request_duration_seconds histogram",
      "# TYPE registry_http_request_size_bytes histogram",
      "# TYPE registry_http_requests_total counter",
      "# TYPE registry_http_response_size_bytes histogram",
      "# TYPE registry_notifications_events_total counter",
      "# TYPE registry_notifications_pending_total gauge",
      "# TYPE registry_notifications_status_total counter",
      "# TYPE registry_storage_action_seconds histogram",
    ]);
    expect(text).toContain("process_cpu_seconds_total");
  });

  it("makes metrics that share nothing", async () => {
    const [one, other] = [await createMetrics(), await createMetrics()];
    one.notification("audit", "Events");
    expect((await other.render()).text).not.toContain("audit");
  });
});

it("NO_METRICS takes everything and tells nothing", async () => {
  NO_METRICS.requestStarted("blob");
  NO_METRICS.requestFinished({ ...REQUEST, handler: "blob" });
  expect((await NO_METRICS.render()).text).toBe("");
});

async function scrape(metrics: { render(): Promise<{ text: string }> }): Promise<string[]> {
  return (await metrics.render()).text.split("\n");
}

function bucketsOf(lines: readonly string[], name: string): (string | undefined)[] {
  return lines
    .filter((line) => line.startsWith(`${name}_bucket`))
    .map((line) => /le="([^"]*)"/.exec(line)?.[1]);
}
