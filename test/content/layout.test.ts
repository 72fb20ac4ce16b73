import { mkdtempDisposable, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { algorithmOf, type Digest, digestOf, encodedOf } from "../../src/oci/digest.ts";
import { OCI_EMPTY, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";
import { openContent, type TestedContent } from "./content-subject.ts";
import {
  actor,
  APP,
  CONFIG,
  describeBytes,
  imageManifest,
  LAYER,
  pushBlob,
  pushImage,
  pushManifest,
} from "./images.ts";

const ROOT = "docker/registry/v2";
const REPOSITORY = `${ROOT}/repositories/team/app`;

/** Written out here, not taken from the program: what other programs expect to find. */
function data(digest: Digest): string {
  const hex = encodedOf(digest);
  return `${ROOT}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
}

function named(folder: string, digest: Digest): string {
  return `${REPOSITORY}/${folder}/${algorithmOf(digest)}/${encodedOf(digest)}/link`;
}

describe("the files of a store", () => {
  let resources: AsyncDisposableStack;
  let root: string;
  let tested: TestedContent;
  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    root = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-layout-"))).path;
    tested = await openContent(async () =>
      resources.use(await FilesystemDriver.open({ rootDirectory: root, maxThreads: 25 })),
    );
  });
  afterEach(() => resources.disposeAsync());

  /** Contents by path; of entries of the history, whose names tell the time, `*` stands for the name. */
  async function files(): Promise<ReadonlyMap<string, string>> {
    const found = await readdir(root, { recursive: true, withFileTypes: true });
    const paths = found
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
    const contents = paths.map(async (path): Promise<[string, string]> => [
      path.replace(/(_barge\/history\/[^/]+)\/[^/]+$/, "$1/*"),
      await readFile(join(root, path), "latin1"),
    ]);
    return new Map(await Promise.all(contents));
  }

  it("after the push of an image are those of the reference registry, and _barge", async () => {
    const bytes = await pushImage(tested.content, "1.0");
    const [image, config, layer] = [bytes, CONFIG, LAYER].map((some) => digestOf(some));
    if (!image || !config || !layer) throw new Error("three digests");
    const found = await files();
    const links = {
      [named("_layers", config)]: config,
      [named("_layers", layer)]: layer,
      [named("_manifests/revisions", image)]: image,
      [named("_manifests/tags/1.0/index", image)]: image,
      [`${REPOSITORY}/_manifests/tags/1.0/current/link`]: image,
    };
    const blobs = {
      [data(image)]: bytes.toString("latin1"),
      [data(config)]: CONFIG.toString("latin1"),
      [data(layer)]: LAYER.toString("latin1"),
    };
    const history = `${REPOSITORY}/_barge/history/1.0/*`;
    const { [history]: move, ...rest } = Object.fromEntries(found);
    expect(rest).toEqual({ ...links, ...blobs });
    expect(JSON.parse(move ?? "")).toMatchObject({
      version: 1,
      from: null,
      to: image,
      actor: "ann",
    });
  });

  it("of a sha512 push lie under their sha256, with a link of each name that holds it", async () => {
    await pushImage(tested.content, undefined);
    const before = await files();
    const blob = Buffer.from("another blob");
    await pushBlob(tested.content, blob, { algorithm: "sha512" });
    const manifest = imageManifest({ config: blob });
    await pushManifest(tested.content, manifest, { reference: digestOf(manifest, "sha512") });
    const added = [...(await files())].filter(([path]) => !before.has(path));
    expect(Object.fromEntries(added)).toEqual({
      [data(digestOf(blob))]: blob.toString("latin1"),
      [named("_layers", digestOf(blob))]: digestOf(blob),
      [named("_layers", digestOf(blob, "sha512"))]: digestOf(blob),
      [data(digestOf(manifest))]: manifest.toString("latin1"),
      [named("_manifests/revisions", digestOf(manifest))]: digestOf(manifest),
      [named("_manifests/revisions", digestOf(manifest, "sha512"))]: digestOf(manifest),
    });
  });

  it("of a mounted blob are one link more", async () => {
    const { content } = tested;
    await pushBlob(content, LAYER);
    const before = await files();
    const to = "team/other" as typeof APP;
    await content.blobs.mount({ digest: digestOf(LAYER), from: APP, to }, calm());
    const added = [...(await files())].filter(([path]) => !before.has(path));
    const link = named("_layers", digestOf(LAYER)).replace("team/app", "team/other");
    expect(added).toEqual([[link, digestOf(LAYER)]]);
  });

  it("of a referrer are one entry more below _barge", async () => {
    const subject = await pushImage(tested.content, undefined);
    const empty = Buffer.from("{}");
    await pushBlob(tested.content, empty);
    const before = await files();
    const referrer = imageManifest({
      layers: [],
      members: {
        config: describeBytes(empty, OCI_EMPTY),
        subject: describeBytes(subject, OCI_MANIFEST),
      },
    });
    await pushManifest(tested.content, referrer);
    const added = [...(await files()).keys()].filter((path) => !before.has(path));
    const hex = encodedOf(digestOf(subject));
    expect(added.toSorted((left, right) => (left < right ? -1 : 1))).toEqual(
      [
        data(digestOf(referrer)),
        `${REPOSITORY}/_barge/referrers/sha256/${hex}/sha256-${encodedOf(digestOf(referrer))}`,
        named("_manifests/revisions", digestOf(referrer)),
      ].toSorted((left, right) => (left < right ? -1 : 1)),
    );
  });

  it("of a running upload are its bytes and when it began", async () => {
    const { uploads } = tested.content;
    const upload = await uploads.start(APP, calm());
    await uploads.append(upload, { bytes: chunks("so far"), startBytes: 0 }, calm());
    const found = await files();
    const folder = `${REPOSITORY}/_uploads/${upload.id}`;
    expect([...found.keys()].toSorted((left, right) => (left < right ? -1 : 1))).toEqual([
      `${folder}/data`,
      `${folder}/startedat`,
    ]);
    expect(found.get(`${folder}/data`)).toBe("so far");
    expect(found.get(`${folder}/startedat`)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(upload.id).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it("of what is deleted are gone, but for data and history", async () => {
    const { content } = tested;
    const bytes = await pushImage(content, "1.0");
    await content.tags.delete(APP, parseTag("1.0"), actor());
    await content.manifests.delete(APP, digestOf(bytes), actor());
    for (const blob of [CONFIG, LAYER]) await content.blobs.delete(APP, digestOf(blob), calm());
    const left = [...(await files()).keys()];
    expect(left.filter((path) => !path.includes("/_barge/history/"))).toEqual(
      expect.arrayContaining([bytes, CONFIG, LAYER].map((some) => data(digestOf(some)))),
    );
    expect(left.filter((path) => path.endsWith("/link"))).toEqual([]);
  });
});
