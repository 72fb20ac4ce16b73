import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { blobData, blobFolder, layerLink } from "../../src/content/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";
import { RecordingFileSystem, systemError } from "../storage-drivers/recording-file-system.ts";
import { openContent, type TestedContent } from "./content-subject.ts";
import { APP, LAYER } from "./images.ts";

const DIGEST = digestOf(LAYER);

interface Subject extends TestedContent {
  readonly disk: RecordingFileSystem;
}

/** A store where another process has just given the data of `LAYER` its name, and not synced it yet. */
async function openBeside(resources: AsyncDisposableStack): Promise<Subject> {
  const { path: root } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-")));
  const disk = new RecordingFileSystem(root);
  const settings = { rootDirectory: root, maxThreads: 25 };
  const tested = await openContent(async () =>
    resources.use(await FilesystemDriver.open(settings, disk.fileSystem)),
  );
  const data = join(root, blobData(DIGEST));
  await mkdir(dirname(data), { recursive: true });
  await writeFile(data, LAYER);
  return { ...tested, disk };
}

it("a commit makes data durable that another process has put there, before the link", async () => {
  await using resources = new AsyncDisposableStack();
  const { content, disk } = await openBeside(resources);
  const upload = await content.uploads.start(APP, calm());
  const chunk = { bytes: chunks(LAYER), startBytes: 0 };
  await content.uploads.commit(upload, { chunk, digest: DIGEST }, calm());
  const link = layerLink(APP, DIGEST);
  const synced = disk.calls.indexOf(`sync ${blobFolder(DIGEST)}`);
  expect(synced).toBeGreaterThanOrEqual(0);
  expect(disk.calls.indexOf(`rename ${link}.*.tmp ${link}`)).toBeGreaterThan(synced);
});

it("a commit that comes again after the data could not be made durable does so first", async () => {
  await using resources = new AsyncDisposableStack();
  const { content, driver, disk } = await openBeside(resources);
  const upload = await content.uploads.start(APP, calm());
  const end = { chunk: { bytes: chunks(LAYER), startBytes: 0 }, digest: DIGEST };
  disk.before = (call) => {
    if (call === `sync ${blobFolder(DIGEST)}`) throw systemError("EIO");
  };
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const committing = content.uploads.commit(upload, end, calm());
    await expect(committing).rejects.toMatchObject({ reason: "EIO" });
    expect(await driver.stat(layerLink(APP, DIGEST), calm())).toBeUndefined();
  }
  disk.reset();
  await content.uploads.commit(upload, end, calm());
  expect(disk.calls).toContain(`sync ${blobFolder(DIGEST)}`);
});
