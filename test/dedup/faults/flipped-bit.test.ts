import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobRecipe } from "../../../src/content/layout.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { say } from "../../cli/configured-store.ts";
import { pushBlob } from "../../fixtures/pushing.ts";
import { damage, gzipLayer, plainBlob } from "../at-rest-store.ts";
import { isBlob, REPOSITORY } from "./fault-store.ts";
import { ServedStore } from "./served-store.ts";

const blob = plainBlob(30);
/** Has all chunks of the other, and more. */
const larger = Buffer.concat([blob.subarray(0, -1024), plainBlob(31)]);
/** Each of them has some of what is in the first file. */
const RANGES = ["0-999", "1000-149999", "2000-2000"] as const;

/** Of SQLite. */
const PAGE_BYTES = 4096;

let store: ServedStore;
let digest: Digest;

beforeEach(async () => {
  store = await ServedStore.open();
  digest = await pushCold(blob);
});
afterEach(() => store[Symbol.asyncDispose]());

async function push(bytes: Buffer): Promise<Digest> {
  return await pushBlob(store.origin, REPOSITORY, bytes);
}

async function pushCold(bytes: Buffer): Promise<Digest> {
  const pushed = await push(bytes);
  await goesCold(pushed);
  return pushed;
}

async function goesCold(pushed: Digest): Promise<void> {
  await expect.poll(() => store.stateOf(pushed), { timeout: 20_000 }).toBe("cold");
}

/** What comes is a stretch of the blob, if all of it comes. @returns whether it did. */
async function pullsRange(range: string): Promise<boolean> {
  const { status, isWhole, body } = await store.pull(digest, range);
  if (status !== 206 || !isWhole) return false;
  const [first = "", last = ""] = range.split("-");
  const wanted =
    first === "" ? blob.subarray(-Number(last)) : blob.subarray(Number(first), Number(last) + 1);
  expect(body.equals(wanted)).toBe(true);
  return true;
}

/** No pull of it ends well; then it is absent, so that clients push it again. */
async function isFoundBroken(): Promise<void> {
  const first = await store.pull(digest);
  expect(first.isWhole && first.status === 200).toBe(false);
  expect(first.body.length).toBeLessThan(blob.length);
  expect(await store.head(digest)).toBe(404);
  expect((await store.pull(digest)).status).toBe(404);
}

async function pulls(pulled: Digest): Promise<void> {
  expect(isBlob(await store.pull(pulled), pulled)).toBe(true);
}

/** Pushed again it is all right, also cold, and for a server that knows of no pack. */
async function healsByPush(): Promise<void> {
  await push(blob);
  expect(await store.head(digest)).toBe(200);
  await goesCold(digest);
  await store.restartWithoutIndex();
  await pulls(digest);
}

async function verified(): Promise<{ readonly code: number; readonly stdout: string }> {
  return await say(["dedup", "verify", store.config]);
}

describe.each(["start", "head", "body"] as const)("a flipped bit in the %s of a frame", (part) => {
  beforeEach(() => store.flip(part));

  it("lets no pull end well, also of a range, until it is pushed again", async () => {
    for (const range of RANGES) expect(await pullsRange(range)).toBe(false);
    await isFoundBroken();
    await healsByPush();
  });
});

describe.each(["directory", "trailer"] as const)("a flipped bit in the %s of a pack", (part) => {
  beforeEach(() => store.flip(part));

  it("harms nobody who knows the pack, and is found when the index is made anew", async () => {
    for (const range of RANGES) expect(await pullsRange(range)).toBe(true);
    await store.restart();
    for (const range of RANGES) expect(await pullsRange(range)).toBe(true);
    await store.restartWithoutIndex();
    await isFoundBroken();
    await healsByPush();
  });
});

it.each(["body", "directory"] as const)(
  "a flipped bit in the %s is found by verify, and the blob comes back with another that has its chunks",
  async (part) => {
    await store.flip(part);
    await store.restartWithoutIndex();
    const { code, stdout } = await verified();
    expect(code).toBe(1);
    expect(stdout).toContain(digest);
    expect(await store.head(digest)).toBe(404);
    await push(larger);
    await expect.poll(() => store.head(digest), { timeout: 20_000 }).toBe(200);
    await pulls(digest);
    await store.restartWithoutIndex();
    await pulls(digest);
  },
);

describe("a flipped bit in a recipe", () => {
  beforeEach(() => damage(store.driver, [blobRecipe(digest)]));

  it("makes the blob absent when it is first read, and is healed by pushing it", async () => {
    await isFoundBroken();
    await healsByPush();
  });

  it("makes the blob absent at once for a new server, and is found by verify", async () => {
    await store.restart();
    expect(await store.head(digest)).toBe(404);
    expect((await verified()).code).toBe(1);
    await healsByPush();
  });
});

describe("an index of packs that is damaged", () => {
  it.each([
    ["at its start", (bytes: Buffer) => bytes.fill(7, 0, 100)],
    ["behind its first page", (bytes: Buffer) => bytes.fill(7, PAGE_BYTES)],
    ["in its last pages", (bytes: Buffer) => bytes.fill(7, bytes.length - 2 * PAGE_BYTES)],
    ["to its end", (bytes: Buffer) => bytes.fill(0)],
  ])("%s is made anew, and all is served", async (_, spoil) => {
    await store.restartWithIndex(spoil);
    expect(await pullsRange("0-99")).toBe(true);
    await pulls(digest);
  });

  it("is made anew when it is found damaged first by what goes cold", async () => {
    await store.restartWithIndex((bytes) => bytes.fill(7, bytes.length - 2 * PAGE_BYTES));
    await pulls(await pushCold(gzipLayer(44)));
    await pulls(digest);
  });

  it("is made anew when somebody deletes it while the server runs", async () => {
    await store.deleteIndex();
    await pulls(digest);
    await pulls(await pushCold(gzipLayer(44)));
  });
});
