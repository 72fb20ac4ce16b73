import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { writeOciLayout, type OciLayout } from "../fixtures/oci-layout.ts";
import { describeClients } from "./client-session.ts";
import { digestsOf, parseManifest, sha256Of } from "./registry-answers.ts";

describeClients(["crane"], "crane", (session) => {
  const { file } = session;

  const crane = async (...args: readonly string[]): Promise<string> =>
    (await session.run("crane", ...args)).trim();

  /** Pushes a layout's only entry. */
  async function push(name: string, architectures?: readonly string[]): Promise<OciLayout> {
    const directory = file(`layout-${name.replaceAll("/", "-")}`);
    const layout = await writeOciLayout(directory, {
      tag: "1",
      ...(architectures && { architectures }),
    });
    await crane("push", directory, `${session.host}/${name}:1`);
    return layout;
  }

  it("push and pull keep an image's digest", async () => {
    const { top } = await push("image");
    const image = `${session.host}/image:1`;
    expect(await crane("digest", image)).toBe(top.digest);
    await crane("validate", "--remote", image);
    await crane("pull", "--format", "oci", image, file("back"));
    const index = parseManifest(await readFile(file("back/index.json"), "utf8"));
    expect(digestsOf(index.manifests)).toEqual([top.digest]);
  });

  it("copy takes an index with every image of it along", async () => {
    const layout = await push("index", ["amd64", "arm64", "s390x"]);
    await crane("copy", `${session.host}/index:1`, `${session.host}/copied/index:1`);
    const raw = await session.run("crane", "manifest", `${session.host}/copied/index:1`);
    expect(sha256Of(raw.trimEnd())).toBe(layout.top.digest);
    await crane("validate", "--remote", `${session.host}/copied/index:1`);
    for (const { manifest } of layout.images) {
      const image = `${session.host}/copied/index@${manifest.digest}`;
      expect(await crane("digest", image)).toBe(manifest.digest);
    }
  });

  it("copy --all-tags copies each tag", async () => {
    const { top } = await push("many");
    await crane("tag", `${session.host}/many:1`, "2");
    await crane("copy", "--all-tags", `${session.host}/many`, `${session.host}/many-copied`);
    expect((await crane("ls", `${session.host}/many-copied`)).split("\n")).toEqual(["1", "2"]);
    expect(await crane("digest", `${session.host}/many-copied:2`)).toBe(top.digest);
  });

  it("append puts a layer on an image that the registry has, and flatten makes one of all", async () => {
    const { images } = await push("base");
    await writeFile(file("added"), randomBytes(5000));
    await session.run("tar", "-czf", "added.tar.gz", "added");
    const target = `${session.host}/appended:1`;
    await crane("append", "--base", `${session.host}/base:1`, "-f", "added.tar.gz", "-t", target);
    const { layers } = parseManifest(await crane("manifest", target));
    expect(digestsOf(layers).slice(0, 2)).toEqual(digestsOf(images[0]?.layers));
    expect(layers).toHaveLength(3);
    await crane("flatten", target, "-t", `${session.host}/flat:1`);
    await crane("export", `${session.host}/flat:1`, "flat.tar");
    const names = await session.run("tar", "-tf", "flat.tar");
    expect(names.trim().split("\n").toSorted()).toEqual(["added", "first", "second"]);
  });

  it("mutate makes a new image under the same tag", async () => {
    const { top } = await push("mutated");
    const image = `${session.host}/mutated:1`;
    await crane("mutate", "--label", "changed=yes", "-t", image, image);
    expect(await crane("digest", image)).not.toBe(top.digest);
    expect(JSON.parse(await crane("config", image))).toMatchObject({
      config: { Labels: { changed: "yes", origin: "test" } },
    });
    expect(await crane("digest", `${session.host}/mutated@${top.digest}`)).toBe(top.digest);
  });

  it("catalog and ls name what was pushed", async () => {
    await push("catalogue/one");
    const names = (await crane("catalog", session.host)).split("\n");
    expect(names).toContain("catalogue/one");
    expect(names).toEqual(names.toSorted());
    expect(await crane("ls", `${session.host}/catalogue/one`)).toBe("1");
  });

  it("delete by digest makes the image unknown", async () => {
    const { top } = await push("deleted");
    await crane("delete", `${session.host}/deleted@${top.digest}`);
    await expect(crane("digest", `${session.host}/deleted:1`)).rejects.toThrow(
      /404|MANIFEST_UNKNOWN/,
    );
  });
});
