import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { writeOciLayout, type OciLayout, type OciLayoutOptions } from "../fixtures/oci-layout.ts";
import { describeClients } from "./client-session.ts";
import { digestsOf, parseManifest } from "./registry-answers.ts";

describeClients(["regctl"], "regctl", (session) => {
  const regctl = async (...args: readonly string[]): Promise<string> =>
    (await session.run("regctl", "--host", `reg=${session.host},tls=disabled`, ...args)).trim();

  /** Pushes a layout under the tag `1`. */
  async function push(name: string, options: Partial<OciLayoutOptions> = {}): Promise<OciLayout> {
    const layout = await writeOciLayout(session.file(`layout-${name}`), { tag: "1", ...options });
    await regctl("image", "copy", `ocidir://layout-${name}:1`, `${session.host}/${name}:1`);
    return layout;
  }

  it("image copy brings an index in, across repositories and out with the same digests", async () => {
    const { top, images } = await push("index", { architectures: ["amd64", "arm64"] });
    await regctl("image", "copy", `${session.host}/index:1`, `${session.host}/across:1`);
    expect(await regctl("image", "digest", `${session.host}/across:1`)).toBe(top.digest);
    await regctl("image", "copy", `${session.host}/across:1`, "ocidir://out:1");
    const [manifest] = parseManifest(
      await readFile(session.file("out/index.json"), "utf8"),
    ).manifests;
    expect(manifest?.digest).toBe(top.digest);
    const index = await readFile(session.file(`out/blobs/${top.digest.replace(":", "/")}`), "utf8");
    expect(digestsOf(parseManifest(index).manifests)).toEqual(
      images.map((image) => image.manifest.digest),
    );
  });

  it("a blob pushed in many chunks comes back whole", async () => {
    const chunked = ["--blob-chunk", "1000000", "--blob-max", "1000000"];
    await regctl("registry", "set", session.host, "--tls", "disabled", ...chunked);
    const { images } = await push("large", { layerBytes: 9_000_000 });
    await regctl("image", "copy", `${session.host}/large:1`, "ocidir://large-out:1");
    for (const { digest, size } of images[0]?.layers ?? []) {
      const file = session.file(`large-out/blobs/${digest.replace(":", "/")}`);
      expect((await readFile(file)).byteLength).toBe(size);
    }
  });

  it("tag ls follows --limit and --last page by page", async () => {
    await push("pages");
    for (const tag of ["2", "3", "4"]) {
      await regctl("image", "copy", `${session.host}/pages:1`, `${session.host}/pages:${tag}`);
    }
    const list = async (...args: readonly string[]): Promise<string[]> =>
      (await regctl("tag", "ls", ...args, `${session.host}/pages`)).split("\n");
    expect(await list()).toEqual(["1", "2", "3", "4"]);
    expect(await list("--limit", "2")).toEqual(["1", "2"]);
    expect(await list("--limit", "2", "--last", "2")).toEqual(["3", "4"]);
  });

  it("tag delete removes one tag and leaves the image under the other", async () => {
    const { top } = await push("tags");
    await regctl("image", "copy", `${session.host}/tags:1`, `${session.host}/tags:2`);
    await regctl("tag", "delete", `${session.host}/tags:1`);
    expect(await regctl("tag", "ls", `${session.host}/tags`)).toBe("2");
    expect(await regctl("image", "digest", `${session.host}/tags:2`)).toBe(top.digest);
  });

  it("manifest delete removes the image", async () => {
    const { top } = await push("manifest");
    await regctl("manifest", "delete", `${session.host}/manifest@${top.digest}`);
    await expect(regctl("image", "digest", `${session.host}/manifest:1`)).rejects.toThrow(
      "not found",
    );
  });

  it("an artifact put with a subject is listed through the referrers API", async () => {
    const { top } = await push("subject");
    const image = `${session.host}/subject:1`;
    await session.run("tar", "-cf", "sbom.tar", "layout-subject/index.json");
    const type = "application/vnd.example.sbom";
    const put = ["artifact", "put", "--artifact-type", type, "--subject", image];
    await regctl(...put, "--file", "sbom.tar");
    const list = await regctl("artifact", "list", image, "--format", "{{json .Descriptors}}");
    expect(JSON.parse(list)).toMatchObject([{ artifactType: type }]);
    expect(await regctl("tag", "ls", `${session.host}/subject`)).toBe("1");
    expect(await regctl("image", "digest", image)).toBe(top.digest);
  });

  it("repo ls names the repositories", async () => {
    await push("listed");
    expect((await regctl("repo", "ls", session.host)).split("\n")).toContain("listed");
  });
});
