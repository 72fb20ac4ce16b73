/** Maps the rows to tests. */
import { afterAll, beforeAll, describe, it } from "vitest";

import type { Login } from "./login.ts";
import { runRow, type Row } from "./row.ts";
import { ROWS } from "./rows.ts";

/** Honest work on a slow disk; a hang is cut by the client's own limit per request. */
const ROW_LIMIT_MS = 120_000;

export interface ConformanceTarget {
  readonly name: string;
  /** Starts a registry that lives as long as `resources`; it need not be empty. */
  readonly open: (resources: AsyncDisposableStack) => Promise<{ readonly origin: URL }>;
  /** Default: all rows for a registry with deletes switched on. */
  readonly rows?: readonly Row[];
  /** Made for each row. Default: nobody has to say who they are. */
  readonly login?: () => Login;
}

/** One registry for all rows of a target; each row has a connection and repositories of its own. */
export function describeConformance({ name, open, rows = ROWS, login }: ConformanceTarget): void {
  describe(`conformance of ${name}`, () => {
    const resources = new AsyncDisposableStack();
    let origin: URL | undefined;

    beforeAll(async () => {
      ({ origin } = await open(resources));
    }, ROW_LIMIT_MS);
    afterAll(async () => resources.disposeAsync(), ROW_LIMIT_MS);

    for (const row of rows) {
      it(row.title, { timeout: ROW_LIMIT_MS }, async () => {
        if (origin === undefined) throw new Error("the registry did not start");
        await runRow(row, origin, login?.());
      });
    }
  });
}
