import { beforeEach, describe, expect, it } from "vitest";
import { createBlobStore, type BlobStore } from "../../src/content/blob-store.ts";
import type { ColdBlobs } from "../../src/content/cold-blobs.ts";
import { BlobUnknown } from "../../src/content/errors.ts";
import { blobData, layerLink, revisionLink } from "../../src/content/layout.ts";
import { createLinks } from "../../src/content/links.ts";
import { createPresence, type Presence } from "../../src/content/presence.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { ObjectNotFound } from "../../src/storage/errors.ts";
import type { StorageDriver } from "../../src/storage/storage-driver.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { calm, collect, pattern } from "../contracts/storage-subject.ts";
import { intercepted } from "../fakes/failing-driver.ts";
import { partlyReplaced } from "../fakes/partly-replaced-driver.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { APP, OTHER } from "./images.ts";

const BLOB = pattern(1000);
const DIGEST = digestOf(BLOB);
const SHA512 = digestOf(BLOB, "sha512");
const HOT = { digest: DIGEST, sha256: DIGEST, sizeBytes: BLOB.length, isCold: false } as const;

describe("blobs that are cold", () => {
  let driver: StorageDriver;
  let presence: Presence;
  let blobs: BlobStore;
  let isCold: boolean;
  let used: Digest[];

  beforeEach(async () => {
    isCold = true;
    used = [];
    open(new InMemoryDriver());
    await driver.write(layerLink(APP, DIGEST), Buffer.from(DIGEST), calm());
    await driver.write(layerLink(APP, SHA512), Buffer.from(DIGEST), calm());
  });

  function open(on: StorageDriver): void {
    driver = on;
    const cold: ColdBlobs = {
      sizeOf: async (sha256) => (isCold && sha256 === DIGEST ? BLOB.length : undefined),
      async *read(sha256, { range = { startBytes: 0 } }) {
        if (!isCold || sha256 !== DIGEST) throw new BlobUnknown(sha256);
        const { startBytes, lengthBytes = Infinity } = range;
        yield BLOB.subarray(startBytes, startBytes + lengthBytes);
      },
      used: (sha256) => void used.push(sha256),
    };
    const links = createLinks({ driver, log: new RecordingLogger(), clock: systemClock });
    presence = createPresence({ driver, links, cold });
    blobs = createBlobStore({ driver, links, presence, cold });
  }

  it.each([DIGEST, SHA512])("are found with their size, by each name: %s", async (digest) => {
    expect(await blobs.find(APP, digest, calm())).toEqual({
      digest,
      sha256: DIGEST,
      dataKey: blobData(DIGEST),
      sizeBytes: BLOB.length,
      isCold: true,
    });
    expect(await presence.confirmData(DIGEST, calm())).toMatchObject({ isCold: true });
    expect(await blobs.find(OTHER, digest, calm())).toBeUndefined();
  });

  it("are absent once there is nothing to make them of", async () => {
    isCold = false;
    expect(await blobs.find(APP, DIGEST, calm())).toBeUndefined();
    expect(await presence.confirmData(DIGEST, calm())).toBeUndefined();
  });

  it("are hot where there is data, and cold where a crash left it empty", async () => {
    await driver.write(blobData(DIGEST), BLOB, calm());
    expect(await blobs.find(APP, DIGEST, calm())).toMatchObject({ isCold: false });
    await driver.write(blobData(DIGEST), Buffer.of(), calm());
    expect(await blobs.find(APP, DIGEST, calm())).toMatchObject({ isCold: true, sizeBytes: 1000 });
  });

  it("are read, all or a range, and noted as used, as are hot ones", async () => {
    const cold = await found();
    expect(await collect(blobs.read(cold, calm()))).toEqual(BLOB);
    const range = { startBytes: 10, lengthBytes: 20 };
    expect(await collect(blobs.read(cold, { ...calm(), range }))).toEqual(BLOB.subarray(10, 30));
    await driver.write(blobData(DIGEST), BLOB, calm());
    expect(await collect(blobs.read(await found(), calm()))).toEqual(BLOB);
    expect(used).toEqual([DIGEST, DIGEST, DIGEST]);
  });

  it("are read where they go cold between being found and being read", async () => {
    await driver.write(blobData(DIGEST), BLOB, calm());
    const hot = await found();
    await driver.delete(blobData(DIGEST), calm());
    expect(await collect(blobs.read(hot, calm()))).toEqual(BLOB);
    const range = { startBytes: 999 };
    expect(await collect(blobs.read(hot, { ...calm(), range }))).toEqual(BLOB.subarray(999));
  });

  it("are unknown where they go away for good between being found and being read", async () => {
    const cold = await found();
    isCold = false;
    await expect(collect(blobs.read(cold, calm()))).rejects.toThrow(BlobUnknown);
    await expect(collect(blobs.read({ ...cold, isCold: false }, calm()))).rejects.toThrow(
      BlobUnknown,
    );
  });

  it("have no file and no URL", async () => {
    const powers = {
      localPath: (key: string) => `/somewhere/${key}`,
      presign: async () => new URL("https://store.example/"),
    };
    open(Object.assign(intercepted(driver, {}), powers));
    const cold = await found();
    expect(blobs.localFile(cold)).toBeUndefined();
    expect(await blobs.presign(cold, { ...calm(), method: "GET" })).toBeUndefined();
    expect(used).toEqual([]);
    const hot = { ...cold, isCold: false };
    expect(blobs.localFile(hot)).toBe(`/somewhere/${blobData(DIGEST)}`);
    expect(await blobs.presign(hot, { ...calm(), method: "GET" })).toBeDefined();
    expect(used).toEqual([DIGEST, DIGEST]);
  });

  it.each([undefined, { startBytes: 100, lengthBytes: 600 }])(
    "are gone on with where their data went away while it was read: %j",
    async (range) => {
      const read: StorageDriver["read"] = async function* (key, options) {
        const at = options.range?.startBytes ?? 0;
        yield BLOB.subarray(at, at + 400);
        throw new ObjectNotFound(key);
      };
      open(partlyReplaced(driver, { read }));
      const hot = { ...HOT, dataKey: blobData(DIGEST) };
      const bytes = await collect(blobs.read(hot, { ...calm(), ...(range && { range }) }));
      expect(bytes.equals(range ? BLOB.subarray(100, 700) : BLOB)).toBe(true);
    },
  );

  it.each([
    [APP, SHA512],
    [APP, DIGEST],
    [undefined, DIGEST],
  ])("are mounted from %s by %s, without being made", async (from, digest) => {
    const mounted = await blobs.mount({ digest, from, to: OTHER }, calm());
    expect(mounted).toMatchObject({ digest, sizeBytes: BLOB.length, isCold: true });
    expect(await blobs.find(OTHER, digest, calm())).toMatchObject({ isCold: true });
    expect(used).toEqual([]);
  });

  it("are never manifests", async () => {
    await driver.write(revisionLink(APP, DIGEST), Buffer.from(DIGEST), calm());
    expect(await presence.confirmManifest(APP, DIGEST, calm())).toBeUndefined();
    await driver.write(blobData(DIGEST), BLOB, calm());
    expect(await presence.confirmManifest(APP, DIGEST, calm())).toMatchObject({ isCold: false });
  });

  async function found() {
    const blob = await blobs.find(APP, DIGEST, calm());
    if (blob === undefined) throw new Error("the blob is not there");
    return blob;
  }
});
