import { readFile } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { writeOciLayout, type OciLayout, type OciLayoutOptions } from "../fixtures/oci-layout.ts";
import { describeClients } from "./client-session.ts";
import { digestsOf, parseManifest, sha256Of, type ManifestDocument } from "./registry-answers.ts";

const PLAIN_HTTP = ["--src-tls-verify=false", "--dest-tls-verify=false"];

describeClients(["skopeo"], "skopeo", (session) => {
  const { run, file } = session;

  const copy = async (from: string, to: string, ...flags: readonly string[]): Promise<string> =>
    run("skopeo", "copy", "--quiet", ...PLAIN_HTTP, ...flags, from, to);

  const inspect = async (...args: readonly string[]): Promise<string> =>
    run("skopeo", "inspect", "--tls-verify=false", ...args);

  const digestOf = async (image: string): Promise<string> =>
    (await inspect("--format", "{{.Digest}}", image)).trim();

  const manifestOf = async (image: string): Promise<ManifestDocument> =>
    parseManifest(await inspect("--raw", image));

  const remote = (name: string): string => `docker://${session.host}/${name}`;

  /** Writes a layout and pushes it, every image of it, under its digests. */
  async function pushLayout(
    name: string,
    options: Partial<OciLayoutOptions> = {},
  ): Promise<OciLayout> {
    const layout = await writeOciLayout(file(`layout-${name}`), { tag: "1", ...options });
    const local = `oci:${layout.directory}:1`;
    await copy(local, remote(`${name}:1`), "--all", "--preserve-digests");
    return layout;
  }

  it("an image comes back from the registry under the digests it went in with", async () => {
    const layout = await pushLayout("round/trip", { layerBytes: 3_000_000 });
    expect(await digestOf(remote("round/trip:1"))).toBe(layout.top.digest);
    await copy(remote("round/trip:1"), `oci:${file("back")}:1`);
    const index = parseManifest(await readFile(file("back/index.json"), "utf8"));
    expect(index.manifests[0]?.digest).toBe(layout.top.digest);
    for (const { digest } of layout.images[0]?.layers ?? []) {
      const blob = await readFile(file(`back/blobs/${digest.replace(":", "/")}`));
      expect(sha256Of(blob)).toBe(digest);
    }
  });

  it("an image comes back by its digest", async () => {
    const { top } = await pushLayout("by/digest");
    await copy(remote(`by/digest@${top.digest}`), `dir:${file("by-digest")}`);
    expect(sha256Of(await readFile(file("by-digest/manifest.json")))).toBe(top.digest);
  });

  it("an index comes back with every platform's image", async () => {
    const layout = await pushLayout("multi", { architectures: ["amd64", "arm64"] });
    const raw = await inspect("--raw", remote("multi:1"));
    expect(sha256Of(raw)).toBe(layout.top.digest);
    for (const { manifest, layers } of layout.images) {
      const architecture = manifest.platform?.architecture ?? "";
      const text = await inspect(`--override-arch=${architecture}`, remote("multi:1"));
      expect(JSON.parse(text)).toMatchObject({
        Architecture: architecture,
        Layers: digestsOf(layers),
        Labels: { origin: "test" },
      });
    }
    await copy(remote("multi:1"), `oci:${file("multi-back")}:1`, "--all");
    const index = parseManifest(await readFile(file("multi-back/index.json"), "utf8"));
    expect(index.manifests[0]?.digest).toBe(layout.top.digest);
  });

  it.each([
    ["v2s2", "application/vnd.docker.distribution.manifest.v2+json"],
    ["oci", "application/vnd.oci.image.manifest.v1+json"],
  ])(
    "an image converted with --format %s keeps its config's and layers' digests",
    async (format, mediaType) => {
      const layout = await pushLayout(`format/${format}`);
      const [image] = layout.images;
      await copy(`oci:${layout.directory}:1`, remote(`format/${format}:2`), "--format", format);
      const manifest = await manifestOf(remote(`format/${format}:2`));
      expect(manifest.mediaType).toBe(mediaType);
      expect(digestsOf(manifest.layers)).toEqual(digestsOf(image?.layers));
      await copy(remote(`format/${format}:2`), `dir:${file(`format-${format}`)}`);
      const back = await readFile(file(`format-${format}/manifest.json`));
      expect(sha256Of(back)).toBe(await digestOf(remote(`format/${format}:2`)));
    },
  );

  it("a docker archive goes in and comes back with the same config and layers", async () => {
    const layout = await writeOciLayout(file("for-archive"), { tag: "1" });
    await copy(`oci:${layout.directory}:1`, `docker-archive:${file("in.tar")}:archive:1`);
    await copy(`docker-archive:${file("in.tar")}`, remote("archive:1"));
    await copy(remote("archive:1"), `docker-archive:${file("out.tar")}:archive:1`);
    const list = async (name: string): Promise<unknown> =>
      JSON.parse(await run("tar", "-xOf", file(name), "manifest.json"));
    expect(await list("out.tar")).toEqual(await list("in.tar"));
  });

  it("layers compressed with zstd come back as the same tar", async () => {
    const layout = await writeOciLayout(file("for-zstd"), { tag: "1" });
    const zstd = ["--dest-compress", "--dest-compress-format=zstd", "--format=oci"];
    await copy(`oci:${layout.directory}:1`, `dir:${file("plain")}`, "--dest-decompress");
    await copy(`dir:${file("plain")}`, remote("zstd:1"), ...zstd);
    const { layers } = await manifestOf(remote("zstd:1"));
    expect(new Set(layers.map((layer) => layer.mediaType))).toEqual(
      new Set(["application/vnd.oci.image.layer.v1.tar+zstd"]),
    );
    await copy(remote("zstd:1"), `dir:${file("zstd-back")}`);
    const tars = await Promise.all(
      layers.map(async ({ digest }) =>
        sha256Of(zstdDecompressSync(await readFile(file(`zstd-back/${digest.slice(7)}`)))),
      ),
    );
    expect(tars).toEqual(layout.images[0]?.diffIds);
  });

  it("an image copied inside the registry keeps its digest", async () => {
    const { top } = await pushLayout("inside/from");
    await copy(remote("inside/from:1"), remote("inside/to:2"));
    expect(await digestOf(remote("inside/to:2"))).toBe(top.digest);
  });

  it("list-tags names every tag in order", async () => {
    await pushLayout("tags");
    for (const tag of ["b", "a", "10", "9"]) await copy(remote("tags:1"), remote(`tags:${tag}`));
    const text = await run("skopeo", "list-tags", "--tls-verify=false", remote("tags"));
    expect(JSON.parse(text)).toMatchObject({ Tags: ["1", "10", "9", "a", "b"] });
  });

  it("delete removes the image under each of its tags", async () => {
    await pushLayout("gone");
    await copy(remote("gone:1"), remote("gone:2"));
    await run("skopeo", "delete", "--tls-verify=false", remote("gone:1"));
    await expect(inspect(remote("gone:1"))).rejects.toThrow("manifest unknown");
    await expect(inspect(remote("gone:2"))).rejects.toThrow("manifest unknown");
  });
});
