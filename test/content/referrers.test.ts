import { expect, it } from "vitest";
import { referrerEntry } from "../../src/content/layout.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { calm } from "../contracts/storage-subject.ts";
import { describeContent, type TestedContent } from "./content-subject.ts";
import {
  actor,
  APP,
  describeBytes,
  imageIndex,
  imageManifest,
  OTHER,
  pushBlob,
  pushImage,
  pushManifest,
} from "./images.ts";

const SUBJECT = imageManifest();
const EMPTY = Buffer.from("{}");
const SIGNATURE = "application/vnd.example.signature";

/** An artifact about {@link SUBJECT}. */
function artifact(members: Readonly<Record<string, unknown>> = {}): Buffer {
  return imageManifest({
    config: EMPTY,
    layers: [],
    members: {
      subject: describeBytes(SUBJECT, OCI_MANIFEST),
      artifactType: SIGNATURE,
      config: describeBytes(EMPTY, OCI_EMPTY),
      ...members,
    },
  });
}

async function withSubject(tested: TestedContent): Promise<TestedContent> {
  await pushImage(tested.content, "latest");
  await pushBlob(tested.content, EMPTY);
  return tested;
}

function referrersOf(
  { content }: TestedContent,
  subject: Digest = digestOf(SUBJECT),
): Promise<readonly object[]> {
  return Array.fromAsync(content.manifests.referrers(APP, subject, { ...calm(), after: "" }));
}

describeContent("the referrers of a manifest", (open) => {
  it("are listed with what the spec asks for", async () => {
    const tested = await withSubject(await open());
    const annotations = { by: "ann" };
    const bytes = artifact({ annotations });
    await pushManifest(tested.content, bytes);
    expect(await referrersOf(tested)).toEqual([
      { ...describeBytes(bytes, OCI_MANIFEST), artifactType: SIGNATURE, annotations },
    ]);
  });

  it("without an artifactType show the type of their config", async () => {
    const tested = await withSubject(await open());
    await pushManifest(tested.content, artifact({ artifactType: undefined }));
    const image = imageManifest({ members: { subject: describeBytes(SUBJECT, OCI_MANIFEST) } });
    await pushManifest(tested.content, image);
    const types = (await referrersOf(tested)).map(
      (entry) => "artifactType" in entry && entry.artifactType,
    );
    expect(new Set(types)).toEqual(new Set([OCI_CONFIG, OCI_EMPTY]));
  });

  it("may be indexes", async () => {
    const tested = await withSubject(await open());
    const bytes = imageIndex([], {
      subject: describeBytes(SUBJECT, OCI_MANIFEST),
      artifactType: SIGNATURE,
    });
    await pushManifest(tested.content, bytes);
    expect(await referrersOf(tested)).toEqual([
      { ...describeBytes(bytes, OCI_INDEX), artifactType: SIGNATURE },
    ]);
  });

  it("are listed once each, in the order of their digests, however often they are pushed", async () => {
    const tested = await withSubject(await open());
    const many = ["1", "2", "3", "4"].map((n) => artifact({ annotations: { n } }));
    for (const bytes of [...many, ...many]) await pushManifest(tested.content, bytes);
    const digests = (await referrersOf(tested)).map((entry) => "digest" in entry && entry.digest);
    expect(digests).toEqual(many.map((bytes) => digestOf(bytes)).toSorted());
  });

  it("are all there when many are pushed at once", async () => {
    const tested = await withSubject(await open());
    const many = Array.from({ length: 20 }, (_, n) => artifact({ annotations: { n: `${n}` } }));
    await Promise.all(many.map((bytes) => pushManifest(tested.content, bytes)));
    expect(await referrersOf(tested)).toHaveLength(20);
  });

  it("may come before their subject, and stay after it", async () => {
    const tested = await open();
    await pushBlob(tested.content, EMPTY);
    await pushManifest(tested.content, artifact());
    expect(await referrersOf(tested)).toHaveLength(1);
    await pushImage(tested.content, "latest");
    await tested.content.manifests.delete(APP, digestOf(SUBJECT), actor());
    expect(await referrersOf(tested)).toHaveLength(1);
  });

  it.each(["sha256", "sha512"] as const)("are gone once deleted by %s", async (algorithm) => {
    const tested = await withSubject(await open());
    const bytes = artifact();
    await pushManifest(tested.content, bytes, { reference: digestOf(bytes, "sha512") });
    expect(await referrersOf(tested)).toMatchObject([{ digest: digestOf(bytes, "sha512") }]);
    await tested.content.manifests.delete(APP, digestOf(bytes, algorithm), actor());
    expect(await referrersOf(tested)).toEqual([]);
    const entry = referrerEntry(APP, digestOf(SUBJECT), digestOf(bytes, "sha512"));
    expect(await tested.driver.stat(entry, calm())).toBeUndefined();
  });

  it("are those of the repository only", async () => {
    const tested = await withSubject(await open());
    await pushBlob(tested.content, EMPTY, { repository: OTHER });
    await pushManifest(tested.content, artifact(), { repository: OTHER });
    expect(await referrersOf(tested)).toEqual([]);
  });

  it("can have a subject by sha512", async () => {
    const tested = await withSubject(await open());
    const subject = digestOf(SUBJECT, "sha512");
    const described = { ...describeBytes(SUBJECT, OCI_MANIFEST), digest: subject };
    await pushManifest(tested.content, artifact({ subject: described }));
    expect(await referrersOf(tested, subject)).toHaveLength(1);
  });

  it("are seen at once by another process", async () => {
    const tested = await withSubject(await open());
    const other = await tested.reopen();
    await pushManifest(tested.content, artifact());
    expect(await referrersOf(other)).toHaveLength(1);
  });

  it("are listed although one entry is damaged", async () => {
    const tested = await withSubject(await open());
    const [good, bad, worse] = ["1", "2", "3"].map((n) => artifact({ annotations: { n } }));
    for (const bytes of [good, bad, worse]) if (bytes) await pushManifest(tested.content, bytes);
    const damages = [
      [bad, "not JSON"],
      [worse, `{"mediaType":"a/b","size":1,"artifactType":5}`],
    ] as const;
    for (const [bytes, text] of damages) {
      const entry = referrerEntry(APP, digestOf(SUBJECT), digestOf(bytes ?? EMPTY));
      await tested.driver.write(entry, Buffer.from(text), calm());
    }
    const digests = (await referrersOf(tested)).map((entry) => "digest" in entry && entry.digest);
    expect(digests).toContain(digestOf(good ?? EMPTY));
  });
});

describeContent("the list under a fallback tag", (open) => {
  const fallbackTag = digestOf(SUBJECT).replace(":", "-");

  /** What a client leaves where a registry has no referrers API: a referrer and a list that names it. */
  async function pushList(tested: TestedContent, referrers: readonly Buffer[]): Promise<void> {
    const listed = referrers.map((bytes) => describeBytes(bytes, OCI_MANIFEST));
    await pushManifest(tested.content, imageIndex(listed), { reference: fallbackTag });
  }

  /** Removes the entry that a push has made, as if another registry had taken the push. */
  async function forget(tested: TestedContent, bytes: Buffer): Promise<void> {
    const entry = referrerEntry(APP, digestOf(SUBJECT), digestOf(bytes));
    await tested.driver.delete(entry, calm());
  }

  it("counts too, with what the manifests themselves say", async () => {
    const tested = await withSubject(await open());
    const bytes = artifact({ annotations: { by: "ann" } });
    await pushManifest(tested.content, bytes);
    await forget(tested, bytes);
    expect(await referrersOf(tested)).toEqual([]);
    await pushList(tested, [bytes]);
    expect(await referrersOf(tested)).toEqual([
      {
        ...describeBytes(bytes, OCI_MANIFEST),
        artifactType: SIGNATURE,
        annotations: { by: "ann" },
      },
    ]);
  });

  it("adds nothing twice, and nothing that is gone", async () => {
    const tested = await withSubject(await open());
    const [there, gone] = [artifact(), artifact({ annotations: { n: "2" } })];
    await pushManifest(tested.content, there);
    await pushManifest(tested.content, gone);
    await pushList(tested, [there, gone]);
    await tested.content.manifests.delete(APP, digestOf(gone), actor());
    expect(await referrersOf(tested)).toMatchObject([{ digest: digestOf(there) }]);
  });

  it("that is no index counts for nothing", async () => {
    const tested = await withSubject(await open());
    await pushManifest(tested.content, SUBJECT, { reference: fallbackTag });
    expect(await referrersOf(tested)).toEqual([]);
  });
});
