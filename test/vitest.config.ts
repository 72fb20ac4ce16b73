import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { ClosingReport } from "./reporter.ts";

// oxlint-disable-next-line import/no-default-export -- vitest reads the default export of its config
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Two files at a time: the tests start real servers, and small machines have two cores.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ["default", new ClosingReport()],
  },
});
