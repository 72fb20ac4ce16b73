import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { analyseBy, engineIds, readEngineRows, rebuildRow } from "./engine-rows.ts";
import { goldenInputNamed } from "./golden-inputs.ts";
import { pairsNotToldApart } from "./tell-apart.ts";

const rows = readEngineRows();
const TIMEOUT_MS = 120_000;

describe("engine numbers", () => {
  it("all have golden recipes, and there are none of numbers that no engine has", () => {
    const byNumber = (one: number, other: number): number => one - other;
    const found = new Set(rows.map(({ id }) => id));
    expect([...found].toSorted(byNumber)).toEqual(engineIds().toSorted(byNumber));
  });

  it.each([...new Set(rows.map(({ id }) => id))])(
    "%i: its recipes make the streams by this engine, which foresees them",
    (id) => {
      for (const row of rows.filter((each) => each.id === id)) {
        const stream = rebuildRow(row, goldenInputNamed(row.input).make());
        expect([row.input, hash("sha256", stream)]).toEqual([row.input, row.sha256]);
        const outcome = analyseBy(id, stream);
        expect([row.input, outcome.kind === "exact" && outcome.findings.corrections]).toEqual([
          row.input,
          0,
        ]);
      }
    },
    TIMEOUT_MS,
  );

  // `make.ts --engines` tries all pairs.
  it(
    "cannot be changed for those of another engine of the same level unnoticed",
    () => {
      expect(pairsNotToldApart(rows, (one, other) => one === other)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
