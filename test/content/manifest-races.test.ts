import { expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm } from "../contracts/storage-subject.ts";
import { intercepted, type DriverCall } from "../fakes/failing-driver.ts";
import { openContent, type TestedContent } from "./content-subject.ts";
import { actor, APP, byDigest, imageManifest, pushImage, pushManifest } from "./images.ts";

const LATEST = parseTag("latest");

/** Runs `meanwhile` before the first call that `when` picks, and lets that call wait for at most its first step. */
async function openWith(
  when: (call: DriverCall) => boolean,
  meanwhile: (tested: TestedContent) => Promise<unknown>,
): Promise<{ readonly tested: TestedContent; readonly arm: () => void }> {
  let isArmed = false;
  const driver = intercepted(new InMemoryDriver(), {
    async before(call) {
      if (!isArmed || !when(call)) return;
      isArmed = false;
      await Promise.race([meanwhile(tested), manyTurns()]);
    },
  });
  const tested = await openContent(async () => driver);
  return { tested, arm: () => (isArmed = true) };
}

/** Longer than anything in memory takes, unless it waits for somebody. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 2000; turn += 1) await Promise.resolve();
}

const DELETING_REVISION = ({ action, key }: DriverCall): boolean =>
  action === "delete" && key.includes("/revisions/");
const DELETING_TAG = ({ action, key }: DriverCall): boolean =>
  action === "write" && key.includes("/history/");

it("a manifest pushed again while it is deleted is whole or gone, and so is its tag", async () => {
  const bytes = imageManifest();
  let pushing: Promise<unknown> = Promise.resolve();
  const { tested, arm } = await openWith(DELETING_REVISION, ({ content }) => {
    pushing = pushManifest(content, bytes, { reference: "latest" });
    return pushing;
  });
  const { content } = tested;
  await pushImage(content, "latest");
  arm();
  await content.manifests.delete(APP, digestOf(bytes), actor());
  await pushing;
  expect(await content.tags.resolve(APP, LATEST, calm())).toBe(digestOf(bytes));
  const stored = await content.manifests.get(APP, byDigest(digestOf(bytes)), calm());
  expect(stored.bytes).toEqual(bytes);
});

it("a tag that moves away while its manifest is deleted keeps its new value", async () => {
  const newer = imageManifest({ members: { annotations: { version: "2" } } });
  let pushing: Promise<unknown> = Promise.resolve();
  const { tested, arm } = await openWith(DELETING_TAG, ({ content }) => {
    pushing = pushManifest(content, newer, { reference: "b" });
    return pushing;
  });
  const { content } = tested;
  const older = await pushImage(content, "a");
  await pushManifest(content, older, { reference: "b" });
  arm();
  // Tag `a` goes first; before it does, `b` moves on to the newer manifest.
  const removed = await content.manifests.delete(APP, digestOf(older), actor());
  await pushing;
  expect(removed).toEqual(["a"]);
  expect(await content.tags.list(APP, calm())).toEqual(["b"]);
  expect(await content.tags.resolve(APP, parseTag("b"), calm())).toBe(digestOf(newer));
});
