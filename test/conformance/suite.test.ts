/** The suite itself: its rows can be passed, and each notices what it is for. */
import assert from "node:assert/strict";

import { describe, expect, it } from "vitest";

import { FAULTS } from "./model/faults.ts";
import { serveModel } from "./model/model-http.ts";
import { createModelRegistry } from "./model/model-registry.ts";
import { serveUnreadBodies } from "./model/unread-bodies.ts";
import { whyRowFails, type Row } from "./row.ts";
import { DELETES_OFF_ROWS, ROWS } from "./rows.ts";
import { describeConformance } from "./suite.ts";

const ALL = [...ROWS, ...DELETES_OFF_ROWS];

function rowTitled(title: string): Row {
  const row = ALL.find((one) => one.title === title);
  assert.ok(row !== undefined, `no row is called ${title}`);
  return row;
}

describe("rows", () => {
  it("have titles of their own", () => {
    expect(new Set(ALL.map(({ title }) => title)).size).toBe(ALL.length);
  });

  it("notice that a body is left unread", async () => {
    await using resources = new AsyncDisposableStack();
    const { origin } = await serveUnreadBodies(resources);
    const title =
      "connections: a POST with the digest and a large body leaves the connection usable";
    expect(await whyRowFails(rowTitled(title), origin)).toMatch(/^HEAD .* answered 400/);
  });

  for (const [name, { fault, noticedBy }] of Object.entries(FAULTS)) {
    it(`notice that ${name}`, async () => {
      await using resources = new AsyncDisposableStack();
      const { origin } = await serveModel(resources, fault(createModelRegistry({ deletes: true })));
      for (const title of noticedBy) {
        assert.notEqual(await whyRowFails(rowTitled(title), origin), undefined, `${title} passes`);
      }
    });
  }
});

describeConformance({
  name: "the model registry",
  open: async (resources) => serveModel(resources, createModelRegistry({ deletes: true })),
});

describeConformance({
  name: "the model registry without deletes",
  open: async (resources) => serveModel(resources, createModelRegistry({ deletes: false })),
  rows: DELETES_OFF_ROWS,
});
