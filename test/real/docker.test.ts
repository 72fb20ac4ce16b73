import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { arch } from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openNetworkNamespace } from "../fixtures/network-namespace.ts";
import { writeOciLayout } from "../fixtures/oci-layout.ts";
import { describeClients } from "./client-session.ts";
import { DOCKER_NEEDS, runDocker, startDockerEngine } from "./docker-engine.ts";

const NEEDS = [...DOCKER_NEEDS, "skopeo"];
const DIGEST = /sha256:[0-9a-f]{64}/;

describeClients(NEEDS, "docker engine", (session) => {
  const { file, run } = session;
  const resources = new AsyncDisposableStack();
  beforeAll(async () => {
    const { directory } = session.clients;
    const { enter } = await openNetworkNamespace(
      resources,
      [new URL(`http://${session.host}`)],
      directory,
    );
    await startDockerEngine(resources, session.clients, { enter, settings: {} });
  });
  afterAll(async () => resources.disposeAsync());

  const docker = async (...args: readonly string[]): Promise<string> =>
    runDocker(session.clients, ...args);

  /** Builds an image of as many layers as contents. */
  async function build(image: string, contents: readonly Uint8Array[]): Promise<void> {
    const context = file(`context-${image.replace(/\W/g, "-")}`);
    await mkdir(context);
    const lines = contents.map((_, index) => `COPY file${index} /file${index}`);
    await writeFile(
      `${context}/Dockerfile`,
      ["FROM scratch", ...lines, 'CMD ["/file0"]'].join("\n"),
    );
    for (const [index, bytes] of contents.entries())
      await writeFile(`${context}/file${index}`, bytes);
    await docker("build", "--quiet", "--tag", image, context);
  }

  const digestOf = async (image: string): Promise<string> =>
    (
      await run(
        "skopeo",
        "inspect",
        "--tls-verify=false",
        "--format",
        "{{.Digest}}",
        `docker://${image}`,
      )
    ).trim();

  it("an image that was built and pushed is pulled with the same files in it", async () => {
    const image = `${session.host}/engine/built:1`;
    const contents = [300_000, 20, 0, 2_000_000, 5000].map((size) => randomBytes(size));
    await build(image, contents);
    const pushed = DIGEST.exec(await docker("push", image))?.[0];
    expect(await digestOf(image)).toBe(pushed);
    await docker("image", "rm", image);
    expect(await docker("pull", image)).toContain(pushed);
    const container = await docker("create", image);
    for (const [index, bytes] of contents.entries()) {
      await docker("cp", `${container}:/file${index}`, file("copied"));
      expect(bytes.equals(await readFile(file("copied")))).toBe(true);
    }
    await docker("rm", container);
  });

  it("layers that another repository has are mounted, those that are there are not sent again", async () => {
    const image = `${session.host}/engine/first:1`;
    await build(image, [randomBytes(100_000)]);
    await docker("push", image);
    const second = `${session.host}/engine/second:1`;
    await docker("tag", image, second);
    expect(await docker("push", second)).toContain("Mounted from engine/first");
    expect(await docker("push", second)).toContain("Layer already exists");
    expect(await digestOf(second)).toBe(await digestOf(image));
  });

  it("an OCI index is pulled by tag and by digest for this platform", async () => {
    const architecture = arch() === "arm64" ? "arm64" : "amd64";
    const layout = await writeOciLayout(file("index"), {
      tag: "1",
      architectures: ["s390x", "arm64", "amd64"],
    });
    const image = `${session.host}/engine/index`;
    const flags = ["--quiet", "--all", "--dest-tls-verify=false"];
    await run("skopeo", "copy", ...flags, "oci:index:1", `docker://${image}:1`);
    const mine = layout.images.find(
      ({ manifest }) => manifest.platform?.architecture === architecture,
    );
    for (const name of [`${image}:1`, `${image}@${layout.top.digest}`]) {
      await docker("pull", "--quiet", name);
      expect(await docker("image", "inspect", "--format", "{{.Id}}", name)).toBe(
        mine?.config.digest,
      );
      await docker("image", "rm", name);
    }
  });

  it("every tag of a repository is pushed and pulled at once", async () => {
    const repository = `${session.host}/engine/tags`;
    await build(`${repository}:1`, [randomBytes(1000)]);
    await docker("tag", `${repository}:1`, `${repository}:2`);
    await docker("push", "--all-tags", repository);
    await docker("image", "rm", `${repository}:1`, `${repository}:2`);
    await docker("pull", "--all-tags", "--quiet", repository);
    const tags = await docker("image", "ls", "--format", "{{.Tag}}", repository);
    expect(tags.split("\n").toSorted()).toEqual(["1", "2"]);
  });

  it("an unknown image is told from an unreachable registry", async () => {
    await expect(docker("pull", `${session.host}/engine/none:1`)).rejects.toThrow(
      /not found|manifest unknown/,
    );
  });
});
