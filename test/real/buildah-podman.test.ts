import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeOciLayout } from "../fixtures/oci-layout.ts";
import { describeClients } from "./client-session.ts";
import { runImageStore } from "./image-store.ts";
import { digestsOf, parseManifest } from "./registry-answers.ts";

const PLAIN_HTTP = "--tls-verify=false";

describeClients(["root", "unshare", "buildah", "skopeo"], "buildah", (session) => {
  const { run, file } = session;

  const buildah = async (store: string, ...args: readonly string[]): Promise<string> =>
    runImageStore(session.clients, { engine: "buildah", store }, args);

  /** Builds an image of one file from scratch. */
  async function build(name: string, contents: Uint8Array): Promise<void> {
    await writeFile(file("payload"), contents);
    const container = await buildah("builder", "from", "scratch");
    await buildah("builder", "copy", container, "payload", "/payload");
    await buildah("builder", "config", "--cmd", "/payload", "--label", "origin=test", container);
    await buildah("builder", "commit", "--quiet", "--rm", container, name);
  }

  it.each(["oci", "v2s2"])(
    "an image pushed as %s is pulled with the same file in it",
    async (format) => {
      const contents = randomBytes(200_000);
      const image = `${session.host}/built/${format}:1`;
      await build(image, contents);
      await buildah("builder", "push", "--quiet", PLAIN_HTTP, "--format", format, image);
      await buildah(`puller-${format}`, "pull", "--quiet", PLAIN_HTTP, image);
      const container = await buildah(`puller-${format}`, "from", "--pull-never", image);
      const root = await buildah(`puller-${format}`, "mount", container);
      expect(contents.equals(await readFile(join(root, "payload")))).toBe(true);
    },
  );

  it("a base image of the registry is built upon and shares its layers", async () => {
    const layout = await writeOciLayout(file("base"), { tag: "1" });
    const base = `${session.host}/base:1`;
    await run("skopeo", "copy", "--dest-tls-verify=false", `oci:base:1`, `docker://${base}`);
    await writeFile(file("Containerfile"), `FROM ${base}\nCOPY payload /more\n`);
    await writeFile(file("payload"), randomBytes(1000));
    const derived = `${session.host}/derived:1`;
    await buildah(
      "derived",
      "build",
      "--quiet",
      PLAIN_HTTP,
      "--layers=false",
      "--tag",
      derived,
      ".",
    );
    await buildah("derived", "push", "--quiet", PLAIN_HTTP, derived);
    const raw = await run("skopeo", "inspect", "--config", PLAIN_HTTP, `docker://${derived}`);
    const { rootfs } = JSON.parse(raw) as { readonly rootfs: { readonly diff_ids: string[] } };
    expect(rootfs.diff_ids.slice(0, 2)).toEqual(layout.images[0]?.diffIds);
    expect(rootfs.diff_ids).toHaveLength(3);
  });
});

describeClients(["root", "unshare", "podman", "skopeo"], "podman", (session) => {
  const { run, file } = session;

  const podman = async (store: string, ...args: readonly string[]): Promise<string> =>
    runImageStore(session.clients, { engine: "podman", store }, args);

  const digestOf = async (image: string): Promise<string> =>
    (
      await run("skopeo", "inspect", PLAIN_HTTP, "--format", "{{.Digest}}", `docker://${image}`)
    ).trim();

  it("an image is pulled by tag and by digest, pushed under a new name and pulled again", async () => {
    const { top } = await writeOciLayout(file("image"), { tag: "1" });
    const source = `${session.host}/podman/in`;
    await run("skopeo", "copy", "--dest-tls-verify=false", "oci:image:1", `docker://${source}:1`);
    await podman("first", "pull", "--quiet", PLAIN_HTTP, `${source}:1`);
    await podman("first", "pull", "--quiet", PLAIN_HTTP, `${source}@${top.digest}`);
    const inspected = await podman(
      "first",
      "image",
      "inspect",
      "--format",
      "{{.Digest}}",
      `${source}:1`,
    );
    expect(inspected).toBe(top.digest);

    const target = `${session.host}/podman/out:2`;
    await podman("first", "tag", `${source}:1`, target);
    await podman("first", "push", "--quiet", PLAIN_HTTP, target);
    const id = await podman("second", "pull", "--quiet", PLAIN_HTTP, target);
    expect(id).toBe(
      await podman("first", "image", "inspect", "--format", "{{.Id}}", `${source}:1`),
    );
    expect(await podman("second", "image", "inspect", "--format", "{{.Digest}}", target)).toBe(
      await digestOf(target),
    );
  });

  it("an index is pushed with its images and pulled for this platform", async () => {
    const layout = await writeOciLayout(file("multi"), {
      tag: "1",
      architectures: ["amd64", "arm64"],
    });
    const image = `${session.host}/podman/multi:1`;
    await run(
      "skopeo",
      "copy",
      "--all",
      "--dest-tls-verify=false",
      "oci:multi:1",
      `docker://${image}`,
    );
    await podman("multi", "manifest", "create", "copy");
    await podman("multi", "manifest", "add", "--all", PLAIN_HTTP, "copy", `docker://${image}`);
    await podman(
      "multi",
      "manifest",
      "push",
      "--quiet",
      "--all",
      PLAIN_HTTP,
      "copy",
      `docker://${image}-again`,
    );
    const again = await run("skopeo", "inspect", "--raw", PLAIN_HTTP, `docker://${image}-again`);
    const pushed = layout.images.map(({ manifest }) => manifest.digest);
    expect(digestsOf(parseManifest(again).manifests)).toEqual(pushed);
    await podman("multi", "pull", "--quiet", "--arch", "arm64", PLAIN_HTTP, `${image}-again`);
  });
});
