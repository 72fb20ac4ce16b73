import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { pattern } from "../contracts/storage-subject.ts";
import { openBarge, type BargeStorage, runBarge, type RunningBarge } from "../fixtures/barge.ts";
import { UploadClient } from "./upload-client.ts";

const MIB = 1024 * 1024;
const REPOSITORY = "team/resumed";

interface Subject {
  readonly storage: BargeStorage;
  readonly blobBytes: number;
  /** What the store gathers in memory before it writes any of it. */
  readonly batchBytes: number;
}

const SUBJECTS: readonly Subject[] = [
  { storage: "filesystem", blobBytes: 13 * MIB + 11, batchBytes: MIB },
  { storage: "s3", blobBytes: 40 * MIB + 11, batchBytes: 10 * MIB },
];

describe.each(SUBJECTS)(
  "an upload on $storage",
  { timeout: 60_000 },
  ({ storage, blobBytes, batchBytes }) => {
    const blob = pattern(blobBytes);
    const digest = digestOf(blob);
    const firstBytes = 3 * MIB + 5;
    let resources: AsyncDisposableStack;
    let client: UploadClient;
    let first: RunningBarge;
    beforeEach(async () => {
      resources = new AsyncDisposableStack();
      client = new UploadClient(REPOSITORY);
      first = await openBarge(resources, { storage });
      await client.begin(first.origin);
    });
    afterEach(() => resources.disposeAsync());

    /** Another process on the same store. */
    function openAnother(): Promise<RunningBarge> {
      return openBarge(resources, { storage, config: first.config });
    }

    /** Sends what the registry lacks, and commits. */
    async function finish(origin: URL): Promise<void> {
      const sizeBytes = (await client.sizeBytes(origin)) ?? 0;
      const rest = blob.subarray(sizeBytes);
      if (rest.byteLength > 0) {
        expect((await client.patch(origin, rest, sizeBytes)).status).toBe(202);
      }
      expect((await client.commit(origin, digest))?.status).toBe(201);
    }

    async function expectWhole(origin: URL): Promise<void> {
      expect(await client.pull(origin, digest)).toBe(digest);
      const report = await runBarge(
        "check",
        "--config",
        first.config,
        "--deep",
        "--format",
        "json",
      );
      expect(JSON.parse(report)).toMatchObject({
        violations: [],
        checked: { blobs: 1, uploads: 0 },
      });
    }

    /**
     * Begins a `PATCH` behind the first bytes and sends most of it. When it is back, the registry has
     * stored what it stores before it has the rest.
     */
    async function sendPart({ origin }: RunningBarge): Promise<ReturnType<UploadClient["hold"]>> {
      const rest = blob.subarray(firstBytes);
      const held = client.hold(origin, { startBytes: firstBytes, lengthBytes: rest.byteLength });
      await held.send(rest.subarray(0, rest.byteLength - MIB));
      await client.waitForMoreThan(blobBytes - MIB - batchBytes, origin);
      return held;
    }

    it("goes on in another process after the first was killed in the middle of a chunk", async () => {
      await client.patch(first.origin, blob.subarray(0, firstBytes), 0);
      const held = await sendPart(first);
      await kill(first);
      expect(await held.answer).toBeUndefined();
      const second = await openAnother();
      const sizeBytes = (await client.sizeBytes(second.origin)) ?? 0;
      expect(sizeBytes).toBeGreaterThan(firstBytes);
      expect(sizeBytes).toBeLessThanOrEqual(blobBytes - MIB);
      await expectSurvived(first, client.id, { sizeBytes, blob });
      await finish(second.origin);
      await expectWhole(second.origin);
    });

    it("goes on in another process after the first was killed between two chunks", async () => {
      await client.patch(first.origin, blob.subarray(0, firstBytes), 0);
      await kill(first);
      const second = await openAnother();
      expect(await client.sizeBytes(second.origin)).toBe(firstBytes);
      await finish(second.origin);
      await expectWhole(second.origin);
    });

    it("goes on in another process while the first still waits for the rest of a chunk", async () => {
      const second = await openAnother();
      await client.patch(first.origin, blob.subarray(0, firstBytes), 0);
      const held = await sendPart(first);
      await finish(second.origin);
      await held.send(blob.subarray(blobBytes - MIB));
      const late = await held.answer;
      expect(late === undefined || late.status >= 400).toBe(true);
      expect(await client.pull(first.origin, digest)).toBe(digest);
      await expectWhole(second.origin);
    });

    it("is taken by turns, each process behind the other", async () => {
      const second = await openAnother();
      const chunkBytes = Math.ceil(blobBytes / 5);
      for (let at = 0, turn = 0; at < blobBytes; at += chunkBytes, turn += 1) {
        const { origin } = turn % 2 === 0 ? first : second;
        const answer = await client.patch(origin, blob.subarray(at, at + chunkBytes), at);
        expect(answer.status).toBe(202);
      }
      await finish(first.origin);
      await expectWhole(second.origin);
    });
  },
);

/** As the kernel or an operator in a hurry would. */
async function kill({ processId, stop }: RunningBarge): Promise<void> {
  process.kill(processId, "SIGKILL");
  await stop();
}

/** On a disk one can look: as many bytes are there as the registry says, and they are the right ones. */
async function expectSurvived(
  { rootDirectory }: RunningBarge,
  id: string,
  { sizeBytes, blob }: { readonly sizeBytes: number; readonly blob: Buffer },
): Promise<void> {
  if (rootDirectory === undefined) return;
  const folder = `docker/registry/v2/repositories/${REPOSITORY}/_uploads/${id}`;
  await using file = await open(join(rootDirectory, folder, "data"));
  const survived = await file.readFile();
  expect(survived.byteLength).toBe(sizeBytes);
  expect(survived.equals(blob.subarray(0, sizeBytes))).toBe(true);
}
