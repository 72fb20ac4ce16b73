/** The reporter that closes a test run: what was missing, then one plain line of counts. */
import type { SerializedError } from "vitest";
import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";
import { installHint } from "./install/tool-table.ts";

/** What became of a run's tests. */
interface RunCounts {
  readonly passed: number;
  /** Failed tests, and every suite, module or stray promise that failed outside a test. */
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Prints which programs were missing and, as the last line, `N passed, N failed, N skipped`.
 *
 * The line is written when the process ends, since other reporters may still print after this one.
 */
export class ClosingReport implements Reporter {
  #lines: readonly string[] = [];

  onInit(): void {
    process.once("exit", () => {
      if (this.#lines.length > 0) process.stdout.write(`\n${this.#lines.join("\n")}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly SerializedError[]): void {
    const { passed, failed, skipped } = countRun(modules, strayErrors.length);
    this.#lines = [
      ...describeMissing(modules),
      `${passed} passed, ${failed} failed, ${skipped} skipped`,
    ];
  }
}

function countRun(modules: readonly TestModule[], strayErrors: number): RunCounts {
  const states = modules.flatMap((module) =>
    [...module.children.allTests()].map((test) => test.result().state),
  );
  const count = (state: string): number => states.filter((each) => each === state).length;
  const brokenSuites = modules.reduce((sum, module) => sum + countBroken(module), 0);
  return {
    passed: count("passed"),
    // A test still pending when the run has ended was cut off.
    failed: count("failed") + count("pending") + brokenSuites + strayErrors,
    skipped: count("skipped"),
  };
}

/** Suites whose own code failed: at import, while collecting, or in a hook. */
function countBroken(module: TestModule): number {
  const suites = [module, ...module.children.allSuites()];
  return suites.filter((suite) => suite.errors().length > 0).length;
}

function describeMissing(modules: readonly TestModule[]): readonly string[] {
  const skippedTests = new Map<string, number>();
  for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
    for (const tool of new Set(missingToolsOf(test))) {
      skippedTests.set(tool, (skippedTests.get(tool) ?? 0) + 1);
    }
  }
  if (skippedTests.size === 0) return [];
  const rows = [...skippedTests].map(
    ([tool, count]) => `  ${tool} (${count} tests): ${installHint(tool)}`,
  );
  return ["NOT TESTED, because this machine lacks:", ...rows, ""];
}

function missingToolsOf(test: TestCase): readonly string[] {
  const tools: string[] = [];
  let task: TestCase | TestSuite | TestModule = test;
  while (task.type !== "module") {
    tools.push(...(task.meta().missingTools ?? []));
    task = task.parent;
  }
  return tools;
}
