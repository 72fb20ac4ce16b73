/**
 * Tests that need programs this repository does not bring: `itWithTools`, `describeWithTools`.
 *
 * Where a program is missing, such a test is skipped and the closing report names the program; with
 * `CI=true` it fails instead, so that a machine can never pass by lacking something.
 */
import { spawnSync } from "node:child_process";
import { env, getuid } from "node:process";
import { it, suite, type SuiteOptions } from "vitest";
import { findTool as findInTable, installHint } from "../install/tool-table.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Names of programs for want of which this test or suite was skipped. */
    missingTools?: readonly string[];
  }
}

/** Real programs are slow on a loaded machine. */
const TIMEOUT_MS = 120_000;

/** Something a test needs is not on this machine. */
export class MissingTools extends Error {
  readonly kind = "MissingTools";
  readonly tools: readonly string[];

  constructor(tools: readonly string[]) {
    super(tools.map((tool) => `${tool} is missing: ${installHint(tool)}`).join("\n"));
    this.tools = tools;
  }
}

/**
 * @returns the path of a program of `test/install/tools.txt`, or `undefined` when it is missing.
 * @throws {TypeError} when the table has no such name.
 */
export function findTool(name: string): string | undefined {
  return findInTable(name);
}

/** @throws {MissingTools} when the program is missing. */
export function requireTool(name: string): string {
  const path = findTool(name);
  if (path === undefined) throw new MissingTools([name]);
  return path;
}

/**
 * A test that needs programs.
 * @param needs names of `test/install/tools.txt`, or `root` for a user who may make namespaces.
 */
export function itWithTools(
  needs: readonly string[],
  title: string,
  body: () => void | Promise<void>,
): void {
  const missing = missingOf(needs);
  it(title, optionsFor(missing), async () => {
    if (missing.length > 0) throw new MissingTools(missing);
    await body();
  });
}

/**
 * A suite whose tests all need programs.
 * @param needs as for {@link itWithTools}.
 */
export function describeWithTools(needs: readonly string[], title: string, body: () => void): void {
  const missing = missingOf(needs);
  const failInstead = (): void => {
    it("finds its programs", () => {
      throw new MissingTools(missing);
    });
  };
  // oxlint-disable-next-line vitest/valid-describe-callback -- the rule does not know the options argument
  suite(title, optionsFor(missing), missing.length > 0 && isStrict() ? failInstead : body);
}

function optionsFor(missing: readonly string[]): SuiteOptions {
  if (missing.length === 0 || isStrict()) return { timeout: TIMEOUT_MS };
  return { skip: true, meta: { missingTools: missing } };
}

function missingOf(needs: readonly string[]): readonly string[] {
  return needs.filter((need) =>
    need === "root" ? !canMakeNamespaces() : findTool(need) === undefined,
  );
}

/** Being user 0 is not enough: in a container, root may lack the right. */
function canMakeNamespaces(): boolean {
  const unshare = findTool("unshare");
  if (getuid?.() !== 0 || unshare === undefined) return false;
  return spawnSync(unshare, ["--net", "--mount", "true"]).status === 0;
}

function isStrict(): boolean {
  return env["CI"] === "true";
}
