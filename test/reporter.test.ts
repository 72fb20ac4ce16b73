import { execFile } from "node:child_process";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const VITEST = fileURLToPath(import.meta.resolve("vitest/package.json")).replace(
  "package.json",
  "vitest.mjs",
);
const HERE = fileURLToPath(new URL(".", import.meta.url));

interface Outcome {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** Runs vitest with the closing report on one file of tests. */
async function runVitest(source: string): Promise<Outcome> {
  await using folder = await mkdtempDisposable(join(HERE, ".reporter-"));
  await writeFile(join(folder.path, "sample.test.ts"), source);
  const config = `import { ClosingReport } from ${JSON.stringify(join(HERE, "reporter.ts"))};
    export default { test: { reporters: ["default", new ClosingReport()] } };`;
  await writeFile(join(folder.path, "vitest.config.ts"), config);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const args = [VITEST, "run", "--root", folder.path];
  // Nothing of the surrounding run may reach the inner one, so the environment is made anew.
  execFile(execPath, args, { env: { PATH: env["PATH"] } }, (error, stdout) => {
    const exitCode = error === null ? 0 : Number(error.code);
    resolve({ lines: stdout.trimEnd().split("\n"), exitCode });
  });
  return await promise;
}

it("the last line counts what passed, failed and was skipped", async () => {
  const { lines, exitCode } = await runVitest(`
    import { expect, it } from "vitest";
    it("passes", () => undefined);
    it("passes too", () => undefined);
    it("fails", () => expect(1).toBe(2));
    it.skip("is skipped", () => undefined);
  `);
  expect(lines.at(-1)).toBe("2 passed, 1 failed, 1 skipped");
  expect(exitCode).toBe(1);
});

it("a file that cannot be loaded counts as failed", async () => {
  const { lines, exitCode } = await runVitest(`throw new Error("at import");`);
  expect(lines.at(-1)).toBe("0 passed, 1 failed, 0 skipped");
  expect(exitCode).toBe(1);
});

it("an error outside every test counts as failed", async () => {
  const { lines, exitCode } = await runVitest(`
    import { it } from "vitest";
    it("passes", async () => {
      void Promise.reject(new Error("nobody waits for this"));
      await new Promise((resolve) => setImmediate(resolve));
    });
  `);
  expect(lines.at(-1)).toBe("1 passed, 1 failed, 0 skipped");
  expect(exitCode).toBe(1);
});

it("a suite whose hook fails counts as failed", async () => {
  const { lines, exitCode } = await runVitest(`
    import { beforeAll, describe, it } from "vitest";
    describe("suite", () => {
      beforeAll(() => { throw new Error("hook"); });
      it("never runs", () => undefined);
    });
  `);
  expect(lines.at(-1)).toMatch(/^0 passed, [1-9]\d* failed, [01] skipped$/);
  expect(exitCode).toBe(1);
});

it("programs that a skipped test needed are named before the last line", async () => {
  const { lines, exitCode } = await runVitest(`
    import { describe, it } from "vitest";
    const meta = { missingTools: ["skopeo"] };
    it("alone", { skip: true, meta }, () => undefined);
    describe("suite", { skip: true, meta }, () => { it("inside", () => undefined); });
  `);
  expect(lines.slice(-4)).toEqual([
    "NOT TESTED, because this machine lacks:",
    "  skopeo (2 tests): npm run test:install, or: apt-get install skopeo",
    "",
    "0 passed, 0 failed, 2 skipped",
  ]);
  expect(exitCode).toBe(0);
});
