/** One debug page for all processes that serve: sums that are whole, or none. */
import { expect, it } from "vitest";
import { debugPages } from "../../src/app/debug-server.ts";
import type { GroupReport } from "../../src/app/process-group.ts";
import type { ProcessReport } from "../../src/app/process-messages.ts";
import type { MetricsReport } from "../../src/observability/metrics.ts";

const MEMORY = { heapUsed: 1, heapTotal: 1, rss: 1, external: 1, arrayBuffers: 1 };

function reportWith(part: Partial<ProcessReport>): ProcessReport {
  return { metrics: [], failures: {}, memory: MEMORY, endpoints: [], ...part };
}

function pagesWith(others: Partial<GroupReport>): ReturnType<typeof debugPages> {
  const render = (
    reports: readonly MetricsReport[] = [],
  ): Promise<{ contentType: ""; text: string }> =>
    Promise.resolve({ contentType: "", text: JSON.stringify(reports) });
  return debugPages({
    metrics: { render },
    report: () => Promise.resolve(reportWith({ failures: { store: "slow" } })),
    reportOthers: () => Promise.resolve({ reports: [], outlasting: [], silentPids: [], ...others }),
  });
}

it("the health of all processes is shown", async () => {
  const pages = pagesWith({ reports: [reportWith({ failures: { file: "is there" } })] });
  expect(await pages.failures()).toEqual({ store: "slow", file: "is there" });
});

it("a process that does not answer is bad health, and there are no figures without it", async () => {
  const pages = pagesWith({ silentPids: [7] });
  expect(await pages.failures()).toEqual({ "process 7": "does not answer", store: "slow" });
  await expect(pages.metrics()).rejects.toHaveProperty("kind", "FiguresMissing");
});

it("figures are those of all processes, and of those that are no more", async () => {
  const others = { reports: [reportWith({ metrics: [{ a: 1 }] })], outlasting: [[{ b: 2 }]] };
  expect((await pagesWith(others).metrics()).text).toBe('[[{"a":1}],[{"b":2}]]');
  expect(await pagesWith(others).vars()).toMatchObject({ memstats: { Sys: 2 } });
});
