/** Pages of referrers: bounded in size, complete together, and never read further than needed. */
import { expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_EMPTY, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { intercepted, type Interception } from "../fakes/failing-driver.ts";
import { openRegistry } from "../fixtures/in-process-registry.ts";
import { pushBlob, putManifest } from "../fixtures/pushing.ts";

const COUNT = 12;
const NOTE = "x".repeat(1024 * 1024);
const SUBJECT = digestOf(Buffer.from("a subject that nobody has pushed"));

it("come in pages below the size of a manifest, and no page reads them all", async () => {
  let reads = 0;
  const counting: Interception = {
    before: ({ action, key }) => {
      if (action === "read" && key.includes("_barge/referrers/")) reads += 1;
    },
  };
  await using registry = await openRegistry({
    driver: intercepted(new InMemoryDriver(), counting),
  });
  const digests = await pushReferrers(registry.origin);
  const found: string[] = [];
  let next: string | undefined = `/v2/a/referrers/${SUBJECT}`;
  let pages = 0;
  while (next !== undefined) {
    reads = 0;
    const answer: Response = await fetch(new URL(next, registry.origin));
    const text = await answer.text();
    expect(text.length).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(reads).toBeLessThan(COUNT);
    const page = JSON.parse(text) as { manifests: readonly { digest: string }[] };
    found.push(...page.manifests.map(({ digest }) => digest));
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
    pages += 1;
  }
  expect(pages).toBe(COUNT / 3);
  expect(found).toEqual(digests.toSorted());
});

async function pushReferrers(origin: URL): Promise<readonly string[]> {
  const config = await pushBlob(origin, "a", Buffer.from("{}"));
  const digests: string[] = [];
  for (let number = 0; number < COUNT; number += 1) {
    const document = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_EMPTY, digest: config, size: 2 },
      layers: [],
      subject: { mediaType: OCI_MANIFEST, digest: SUBJECT, size: 1 },
      annotations: { note: NOTE, number: String(number) },
    };
    const digest = digestOf(Buffer.from(JSON.stringify(document)));
    expect((await putManifest(origin, `a/manifests/${digest}`, document)).status).toBe(201);
    digests.push(digest);
  }
  return digests;
}
