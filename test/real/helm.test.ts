import { readFile, rm } from "node:fs/promises";
import { expect, it } from "vitest";
import { describeClients } from "./client-session.ts";

describeClients(["helm"], "helm", (session) => {
  const helm = async (...args: readonly string[]): Promise<string> => session.run("helm", ...args);

  it("a chart is pulled as it was pushed, by each of its versions", async () => {
    const repository = `oci://${session.host}/charts`;
    await helm("create", "sample");
    for (const version of ["1.0.0", "1.1.0+build.5"]) {
      await helm("package", "sample", "--version", version);
      const archive = `sample-${version}.tgz`;
      await helm("push", "--plain-http", archive, repository);
      const flags = ["--plain-http", "--version", version, "--destination", "."];
      const pushed = await readFile(session.file(archive));
      await rm(session.file(archive));
      await helm("pull", ...flags, `${repository}/sample`);
      expect(await readFile(session.file(archive))).toEqual(pushed);
    }
    // The newest version is found by reading the tags.
    const shown = await helm("show", "chart", "--plain-http", `${repository}/sample`);
    expect(shown).toContain("version: 1.1.0+build.5");
  });
});
