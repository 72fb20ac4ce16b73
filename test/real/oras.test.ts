import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { describeClients } from "./client-session.ts";
import { parseManifest } from "./registry-answers.ts";

const BOM = "application/vnd.example.bom";
const SIGNATURE = "application/vnd.example.signature";

interface Discovery {
  readonly manifests: readonly { readonly artifactType: string; readonly reference: string }[];
}

describeClients(["oras"], "oras", (session) => {
  const { file } = session;

  const oras = async (...args: readonly string[]): Promise<string> => {
    const [verb = "", ...rest] = args;
    return session.run("oras", ...verb.split(" "), "--plain-http", ...rest);
  };

  const discover = async (image: string, ...args: readonly string[]): Promise<Discovery> =>
    JSON.parse(await oras("discover", "--format", "json", ...args, image)) as Discovery;

  /** Pushes an artifact of one file, and attaches a bill of materials and a signature to it. */
  async function pushWithReferrers(name: string): Promise<string> {
    const image = `${session.host}/${name}:1`;
    await writeFile(file("data.bin"), randomBytes(10_000));
    await writeFile(file("bom.json"), `{"for": "${name}"}`);
    await writeFile(file("data.sig"), "signed");
    await oras(
      "push",
      "--no-tty",
      "--artifact-type",
      "application/vnd.example.data",
      image,
      "data.bin",
    );
    await oras("attach", "--no-tty", "--artifact-type", BOM, image, "bom.json:application/json");
    await oras("attach", "--no-tty", "--artifact-type", SIGNATURE, image, "data.sig");
    return image;
  }

  it("an artifact is pulled as it was pushed", async () => {
    const image = await pushWithReferrers("artifact");
    const manifest = parseManifest(await oras("manifest fetch", image));
    expect(manifest.artifactType).toBe("application/vnd.example.data");
    await oras("pull", "--no-tty", "--output", "pulled", image);
    expect(await readFile(file("pulled/data.bin"))).toEqual(await readFile(file("data.bin")));
  });

  it("what was attached is discovered through the referrers API, without a fallback tag", async () => {
    const image = await pushWithReferrers("attached");
    const { manifests } = await discover(image);
    expect(manifests.map(({ artifactType }) => artifactType).toSorted()).toEqual([BOM, SIGNATURE]);
    expect((await oras("repo tags", `${session.host}/attached`)).trim()).toBe("1");
  });

  it("discover filters by artifact type and its result can be pulled", async () => {
    const image = await pushWithReferrers("filtered");
    const { manifests } = await discover(image, "--artifact-type", BOM);
    expect(manifests).toHaveLength(1);
    await oras("pull", "--no-tty", "--output", "bom", manifests[0]?.reference ?? "");
    expect(await readFile(file("bom/bom.json"), "utf8")).toBe(`{"for": "filtered"}`);
  });

  it("cp --recursive takes the referrers along", async () => {
    const image = await pushWithReferrers("recursive");
    const target = `${session.host}/recursive-copied:1`;
    const flags = ["--from-plain-http", "--to-plain-http", "--no-tty", "--recursive"];
    await session.run("oras", "cp", ...flags, image, target);
    expect((await discover(target)).manifests).toHaveLength(2);
  });

  it("a deleted referrer is no longer discovered", async () => {
    const image = await pushWithReferrers("forgotten");
    const { manifests } = await discover(image, "--artifact-type", SIGNATURE);
    await oras("manifest delete", "--force", manifests[0]?.reference ?? "");
    const left = (await discover(image)).manifests;
    expect(left.map(({ artifactType }) => artifactType)).toEqual([BOM]);
  });

  it("blob push, fetch and delete", async () => {
    await writeFile(file("blob.bin"), randomBytes(70_000));
    const repository = `${session.host}/blobs`;
    const pushed = await oras("blob push", "--no-tty", "--descriptor", repository, "blob.bin");
    const { digest } = JSON.parse(pushed) as { readonly digest: string };
    await oras("blob fetch", "--no-tty", "--output", "blob.out", `${repository}@${digest}`);
    expect(await readFile(file("blob.out"))).toEqual(await readFile(file("blob.bin")));
    await oras("blob delete", "--force", `${repository}@${digest}`);
    await expect(
      oras("blob fetch", "--no-tty", "--output", "blob.gone", `${repository}@${digest}`),
    ).rejects.toThrow("not found");
  });
});
