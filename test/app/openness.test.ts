import { afterEach, beforeEach, expect, it } from "vitest";
import { openBarge } from "../fixtures/barge.ts";

let resources: AsyncDisposableStack;
beforeEach(() => {
  resources = new AsyncDisposableStack();
});
afterEach(() => resources.disposeAsync());

/** Starts it with metrics. @returns its first line, and what the metric says. */
async function startWith(sections: object): Promise<{ first: string; metric: string | undefined }> {
  const debug = { addr: "127.0.0.1:0", prometheus: { enabled: true } };
  const { output } = await openBarge(resources, {
    storage: "inmemory",
    sections: { http: { addr: ":0", debug }, ...sections },
  });
  const address = output
    .map((line) => /debug server listening ([^"\s]+)/.exec(line)?.[1])
    .find(Boolean);
  const text = await (await fetch(`${address}/metrics`)).text();
  return { first: output[0] ?? "", metric: /^barge_open_registry (\d)$/m.exec(text)?.[1] };
}

it("a registry that others reach and that asks nobody who they are says so first, and in a metric", async () => {
  const { first, metric } = await startWith({});
  expect(first).toContain("level=warning");
  expect(first).toContain("this registry is open");
  expect(metric).toBe("1");
});

it("one for which that is meant does not", async () => {
  const { first, metric } = await startWith({ barge: { auth: "open" } });
  expect(first).not.toContain("is open");
  expect(metric).toBe("0");
});

it("one that only this machine reaches does not", async () => {
  const debug = { addr: "127.0.0.1:0", prometheus: { enabled: true } };
  const { first, metric } = await startWith({ http: { addr: "127.0.0.1:0", debug } });
  expect(first).not.toContain("is open");
  expect(metric).toBe("0");
});
