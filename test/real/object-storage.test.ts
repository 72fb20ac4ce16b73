import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import type { BargeOptions } from "../fixtures/barge.ts";
import { writeOciLayout } from "../fixtures/oci-layout.ts";
import { describeClients } from "./client-session.ts";
import { digestsOf, parseManifest, sha256Of } from "./registry-answers.ts";

/** A suite and the status with which a blob is answered in it. */
interface StorageSuite {
  readonly title: string;
  readonly barge: BargeOptions;
  readonly blobStatus: number;
}

const SUITES: readonly StorageSuite[] = [
  { title: "on S3", barge: { storage: "s3" }, blobStatus: 200 },
  {
    blobStatus: 307,
    title: "on S3 with redirects to the bucket",
    barge: { storage: "s3", storageKeys: { redirect: { disable: false } } },
  },
];

for (const suite of SUITES) {
  describeClients(["versitygw", "skopeo", "crane"], suite, (session) => {
    const { run, file } = session;

    it("an index with layers of several parts comes back under its digests", async () => {
      const options = { tag: "1", architectures: ["amd64", "arm64"], layerBytes: 12_000_000 };
      const layout = await writeOciLayout(file("layout"), options);
      const image = `${session.host}/stored:1`;
      const push = ["--quiet", "--all", "--dest-tls-verify=false"];
      await run("skopeo", "copy", ...push, `oci:${layout.directory}:1`, `docker://${image}`);
      await run("crane", "validate", "--remote", image);
      const pull = ["--quiet", "--all", "--src-tls-verify=false"];
      await run("skopeo", "copy", ...pull, `docker://${image}`, "oci:back:1");
      const index = parseManifest(await readFile(file("back/index.json"), "utf8"));
      expect(digestsOf(index.manifests)).toEqual([layout.top.digest]);
      for (const { digest } of layout.images.flatMap(({ layers }) => layers)) {
        expect(sha256Of(await readFile(file(`back/blobs/${digest.replace(":", "/")}`)))).toBe(
          digest,
        );
      }
    });

    it("a blob is answered as the redirect setting says", async () => {
      const layout = await writeOciLayout(file("answered"), { tag: "1" });
      await run("crane", "push", layout.directory, `${session.host}/answered:1`);
      const digest = layout.images[0]?.layers[0]?.digest ?? "";
      const url = `http://${session.host}/v2/answered/blobs/${digest}`;
      const answer = await fetch(url, { redirect: "manual" });
      await answer.body?.cancel();
      expect(answer.status).toBe(suite.blobStatus);
      expect(sha256Of(await (await fetch(url)).bytes())).toBe(digest);
    });

    it("a copy in another repository, a moved tag and a delete", async () => {
      const one = await writeOciLayout(file("one"), { tag: "1" });
      const two = await writeOciLayout(file("two"), { tag: "1" });
      const image = `${session.host}/moved:1`;
      const crane = async (...args: readonly string[]): Promise<string> =>
        (await run("crane", ...args)).trim();
      await crane("push", one.directory, image);
      await crane("copy", image, `${session.host}/elsewhere:1`);
      await crane("push", two.directory, image);
      expect(await crane("digest", image)).toBe(two.top.digest);
      await crane("validate", "--remote", `${session.host}/elsewhere:1`);
      await crane("delete", `${session.host}/moved@${two.top.digest}`);
      await expect(crane("digest", image)).rejects.toThrow(/404|MANIFEST_UNKNOWN/);
      expect(await crane("ls", `${session.host}/elsewhere`)).toBe("1");
    });
  });
}
