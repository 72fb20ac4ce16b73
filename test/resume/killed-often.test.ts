import { randomInt } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { pattern } from "../contracts/storage-subject.ts";
import { openBarge, type BargeStorage, runBarge, type RunningBarge } from "../fixtures/barge.ts";
import { UploadClient } from "./upload-client.ts";

const MIB = 1024 * 1024;
const KILLS = 10;
/** Set it to what a failed run printed to have the same points again. */
const SEED = 20_261_121;

/** Numbers from 0 to 1 that depend on nothing but the seed. */
function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

interface Journey {
  readonly client: UploadClient;
  readonly blob: Buffer;
  readonly random: Iterator<number, never>;
}

/** Goes on with the upload, and kills the registry at a point that chance decides. */
async function sendUntilKilled(
  { origin, processId, stop }: RunningBarge,
  { client, blob, random }: Journey,
): Promise<number> {
  const at = await client.sizeBytes(origin);
  if (at === undefined) throw new Error("the upload is not known");
  const isBetween = random.next().value < 0.3;
  const chunkBytes = Math.ceil((blob.byteLength / KILLS) * (0.5 + random.next().value));
  const chunk = blob.subarray(at, at + chunkBytes);
  const sent = chunk.subarray(0, Math.ceil(chunk.byteLength * random.next().value));
  if (chunk.byteLength > 1) {
    const held = client.hold(origin, { startBytes: at, lengthBytes: chunk.byteLength });
    await held.send(isBetween ? chunk : sent);
    if (isBetween) expect((await held.answer)?.status).toBe(202);
    process.kill(processId, "SIGKILL");
    await held.answer;
  } else {
    process.kill(processId, "SIGKILL");
  }
  await stop();
  return at;
}

describe.each<{ storage: BargeStorage; blobBytes: number }>([
  { storage: "filesystem", blobBytes: 30 * MIB + 7 },
  { storage: "s3", blobBytes: 120 * MIB + 7 },
])("a registry on $storage that is killed often", ({ storage, blobBytes }) => {
  const blob = pattern(blobBytes);
  const digest = digestOf(blob);

  it(`takes the whole blob in the end, seed ${SEED}`, { timeout: 120_000 }, async () => {
    await using resources = new AsyncDisposableStack();
    const client = new UploadClient("team/killed");
    let registry = await openBarge(resources, { storage });
    const { config } = registry;
    await client.begin(registry.origin);
    const random = randomNumbers(SEED);
    let before = 0;
    for (let kills = 0; kills < KILLS; kills += 1) {
      const at = await sendUntilKilled(registry, { client, blob, random });
      expect(at).toBeGreaterThanOrEqual(before);
      before = at;
      registry = await openBarge(resources, { storage, config });
    }
    const at = (await client.sizeBytes(registry.origin)) ?? 0;
    if (at < blobBytes) await client.patch(registry.origin, blob.subarray(at), at);
    expect((await client.commit(registry.origin, digest))?.status).toBe(201);
    expect(await client.pull(registry.origin, digest)).toBe(digest);
    const report = await runBarge("check", "--config", config, "--deep", "--format", "json");
    expect(JSON.parse(report)).toMatchObject({ violations: [], checked: { blobs: 1 } });
  });

  it(
    "has a blob or asks for it again when it is killed in a commit",
    { timeout: 120_000 },
    async () => {
      await using resources = new AsyncDisposableStack();
      const small = blob.subarray(0, 6 * MIB);
      const smallDigest = digestOf(small);
      let registry = await openBarge(resources, { storage });
      const { config } = registry;
      const client = new UploadClient("team/killed");
      for (let kills = 0; kills < 2; kills += 1) {
        await client.begin(registry.origin);
        await client.patch(registry.origin, small, 0);
        const committing = client.commit(registry.origin, smallDigest);
        for (let turns = randomInt(50); turns > 0; turns -= 1)
          await client.sizeBytes(registry.origin);
        process.kill(registry.processId, "SIGKILL");
        const answer = await committing;
        await registry.stop();
        registry = await openBarge(resources, { storage, config });
        const isThere = await client.hasBlob(registry.origin, smallDigest);
        if (answer?.status === 201) expect(isThere).toBe(true);
        if (isThere) expect(await client.pull(registry.origin, smallDigest)).toBe(smallDigest);
        const report = await runBarge("check", "--config", config, "--deep", "--format", "json");
        expect(JSON.parse(report)).toMatchObject({ violations: [] });
      }
      await client.begin(registry.origin);
      await client.patch(registry.origin, small, 0);
      expect((await client.commit(registry.origin, smallDigest))?.status).toBe(201);
      expect(await client.pull(registry.origin, smallDigest)).toBe(smallDigest);
    },
  );
});
