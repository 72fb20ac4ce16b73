import { Buffer } from "node:buffer";
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import { S3Driver } from "../../storage-drivers/s3/s3-driver.ts";
import type { S3Settings } from "../../storage-drivers/s3/s3-settings.ts";
import { calm, chunks, collect, inPieces, pattern, text } from "../contracts/storage-subject.ts";
import { openVersityGateway, s3SettingsFor, type VersityGateway } from "../fixtures/versitygw.ts";
import { describeWithTools } from "../real/tools.ts";

const MIB = 1024 * 1024;
const STAGED = "r/_uploads/1/data";
const BLOB = "b/ab/data";

describeWithTools(["versitygw"], "S3Driver on versitygw", () => {
  const server = new AsyncDisposableStack();
  let gateway: VersityGateway;
  beforeAll(async () => {
    gateway = await openVersityGateway(server);
  });
  afterAll(() => server.disposeAsync());

  let resources: AsyncDisposableStack;
  let settings: S3Settings;
  let driver: S3Driver;
  const reopen = async (changes: Partial<S3Settings> = {}): Promise<S3Driver> =>
    resources.use(await S3Driver.open({ ...settings, ...changes }, calm()));
  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    settings = s3SettingsFor(gateway, await gateway.newBucket());
    driver = await reopen();
  });
  afterEach(() => resources.disposeAsync());

  const keysLeft = async (): Promise<readonly string[]> => {
    const request = new ListObjectsV2Command({ Bucket: settings.bucket });
    const { Contents = [] } = await gateway.client.send(request);
    return Contents.map(({ Key = "" }) => Key).filter((key) => !key.endsWith("/"));
  };
  const uploadsLeft = async (): Promise<number> => {
    const request = new ListMultipartUploadsCommand({ Bucket: settings.bucket });
    return (await gateway.client.send(request)).Uploads?.length ?? 0;
  };

  describe("an append that ended in the middle", () => {
    it("is taken up by another driver where the store's own parts end", async () => {
      const whole = pattern(24 * MIB + 5);
      const other = await reopen();
      let survived = 0;
      // While this source is asked for more, its driver has sent parts and not noted them down.
      const source = async function* (): AsyncGenerator<Uint8Array> {
        yield* inPieces(whole.subarray(0, 16 * MIB), MIB);
        const sizeBytes = async (): Promise<number | undefined> =>
          (await other.staging.stat(STAGED, calm()))?.sizeBytes;
        await expect.poll(sizeBytes, { timeout: 20_000 }).toBe(15 * MIB);
        const at = await other.staging.stat(STAGED, calm());
        survived = at?.sizeBytes ?? 0;
        const rest = inPieces(whole.subarray(survived), MIB);
        const all = at && (await other.staging.append(STAGED, rest, { ...calm(), at }));
        if (all) await other.staging.publish(STAGED, BLOB, { ...calm(), at: all });
        yield pattern(6 * MIB, 7);
      };
      const at = await driver.staging.create(STAGED, calm());
      const appending = driver.staging.append(STAGED, source(), { ...calm(), at });
      await expect(appending).rejects.toMatchObject({
        kind: expect.stringMatching(/^(?:ObjectNotFound|StagedOutOfOrder)$/),
      });
      expect(survived).toBe(15 * MIB);
      expect((await collect(driver.read(BLOB, calm()))).equals(whole)).toBe(true);
    });

    it("does not count a tail twice that went into a part", async () => {
      const whole = pattern(13 * MIB);
      const empty = await driver.staging.create(STAGED, calm());
      const head = inPieces(whole.subarray(0, MIB), MIB);
      const at = await driver.staging.append(STAGED, head, { ...calm(), at: empty });
      let seen = 0;
      const source = async function* (): AsyncGenerator<Uint8Array> {
        yield* inPieces(whole.subarray(MIB, 12 * MIB), MIB);
        seen = (await driver.staging.stat(STAGED, calm()))?.sizeBytes ?? 0;
        throw new Error("cut");
      };
      const appending = driver.staging.append(STAGED, source(), { ...calm(), at });
      await expect(appending).rejects.toThrow("cut");
      expect(seen % (5 * MIB)).toBe(0);
      const now = await driver.staging.stat(STAGED, calm());
      expect(now?.sizeBytes).toBe(12 * MIB);
      const read = await collect(driver.staging.read(STAGED, calm()));
      expect(read.equals(whole.subarray(0, 12 * MIB))).toBe(true);
    });

    it("does not count it twice either when the parts have been noted down", async () => {
      const recordedParts = async (): Promise<number> => {
        const Key = STAGED.replace("data", "_driver/state");
        const request = new GetObjectCommand({ Bucket: settings.bucket, Key });
        const { Body } = await gateway.client.send(request);
        const state = JSON.parse((await Body?.transformToString()) ?? "") as { parts: unknown[] };
        return state.parts.length;
      };
      const empty = await driver.staging.create(STAGED, calm());
      const head = chunks(pattern(MIB));
      const at = await driver.staging.append(STAGED, head, { ...calm(), at: empty });
      let seen: number | undefined;
      const source = async function* (): AsyncGenerator<Uint8Array> {
        yield* inPieces(pattern(39 * MIB), MIB);
        await expect.poll(recordedParts, { timeout: 20_000 }).toBe(8);
        seen = (await driver.staging.stat(STAGED, calm()))?.sizeBytes;
      };
      await driver.staging.append(STAGED, source(), { ...calm(), at });
      expect(seen).toBe(40 * MIB);
    });

    it("a part that somebody replaced makes publish() fail, and nothing is published", async () => {
      const empty = await driver.staging.create(STAGED, calm());
      const bytes = inPieces(pattern(11 * MIB), MIB);
      const at = await driver.staging.append(STAGED, bytes, { ...calm(), at: empty });
      const list = new ListMultipartUploadsCommand({ Bucket: settings.bucket });
      const [upload] = (await gateway.client.send(list)).Uploads ?? [];
      await gateway.client.send(
        new UploadPartCommand({
          Bucket: settings.bucket,
          Key: upload?.Key,
          UploadId: upload?.UploadId,
          PartNumber: 1,
          Body: pattern(5 * MIB, 99),
        }),
      );
      await expect(driver.staging.publish(STAGED, BLOB, { ...calm(), at })).rejects.toMatchObject({
        kind: "StagedOutOfOrder",
      });
      expect(await driver.stat(BLOB, calm())).toBeUndefined();
    });
  });

  describe("a staged object leaves nothing behind", () => {
    const sizes = [0, 1, 5 * MIB, 5 * MIB + 1, 17 * MIB];

    it.each(sizes)("when %d bytes are published", async (sizeBytes) => {
      const whole = pattern(sizeBytes);
      const empty = await driver.staging.create(STAGED, calm());
      const at = await driver.staging.append(STAGED, inPieces(whole, MIB), {
        ...calm(),
        at: empty,
      });
      await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
      expect(await keysLeft()).toEqual([BLOB]);
      expect(await uploadsLeft()).toBe(0);
      expect((await collect(driver.read(BLOB, calm()))).equals(whole)).toBe(true);
    });

    it.each(["discard", "deleteTree", "publish of what is there"])("by %s", async (way) => {
      const empty = await driver.staging.create(STAGED, calm());
      const bytes = inPieces(pattern(12 * MIB), MIB);
      const at = await driver.staging.append(STAGED, bytes, { ...calm(), at: empty });
      const blob = pattern(12 * MIB);
      const kept = way.startsWith("publish") ? [BLOB] : [];
      if (way === "discard") await driver.staging.discard(STAGED, calm());
      if (way === "deleteTree") await driver.deleteTree("r", calm());
      if (kept.length > 0) {
        await driver.write(BLOB, blob, calm());
        await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
      }
      expect(await keysLeft()).toEqual(kept);
      expect(await uploadsLeft()).toBe(0);
    });

    it("when the upload is one that another registry had begun", async () => {
      const target = { Bucket: settings.bucket, Key: "r/_uploads/2/data" };
      await gateway.client.send(new CreateMultipartUploadCommand(target));
      await gateway.client.send(new CreateMultipartUploadCommand({ ...target, Key: "r-2/x" }));
      await driver.deleteTree("r", calm());
      expect(await uploadsLeft()).toBe(1);
    });
  });

  it("many tiny appends are joined to few pieces", async () => {
    let at = await driver.staging.create(STAGED, calm());
    for (let index = 0; index < 40; index += 1) {
      at = await driver.staging.append(STAGED, chunks(`${index},`), { ...calm(), at });
    }
    const expected = Array.from({ length: 40 }, (_, index) => `${index},`).join("");
    expect(await text(driver.staging.read(STAGED, calm()))).toBe(expected);
    expect((await keysLeft()).length).toBeLessThan(20);
    await driver.staging.publish(STAGED, BLOB, { ...calm(), at });
    expect(await text(driver.read(BLOB, calm()))).toBe(expected);
    expect(await keysLeft()).toEqual([BLOB]);
  });

  it("a staged object that was read is complete: it can be published, and no longer grow", async () => {
    const whole = pattern(6 * MIB);
    const empty = await driver.staging.create(STAGED, calm());
    const at = await driver.staging.append(STAGED, inPieces(whole, MIB), { ...calm(), at: empty });
    await collect(driver.staging.read(STAGED, calm()));
    expect(await driver.stat(STAGED, calm())).toBeUndefined();
    const appending = driver.staging.append(STAGED, chunks("x"), { ...calm(), at });
    await expect(appending).rejects.toMatchObject({ reason: "StagedComplete" });
    expect((await collect(driver.staging.read(STAGED, calm()))).equals(whole)).toBe(true);
    await (await reopen()).staging.publish(STAGED, BLOB, { ...calm(), at });
    expect((await collect(driver.read(BLOB, calm()))).equals(whole)).toBe(true);
  });

  it("list() bears folder objects and foreign names", async () => {
    const put = (Key: string): Promise<unknown> =>
      gateway.client.send(
        new PutObjectCommand({ Bucket: settings.bucket, Key, Body: new Uint8Array() }),
      );
    for (const key of ["p/", "p/a b", "p/é", "p/100%25"]) await put(key);
    await driver.write("p/a", Buffer.from("x"), calm());
    const entries = await Array.fromAsync(driver.list("p", calm()));
    expect(entries).toEqual([{ kind: "object", name: "a" }]);
  });

  describe("presign()", () => {
    const sign = (signer: S3Driver, method: "GET" | "HEAD" = "GET"): Promise<URL> =>
      signer.presign(BLOB, { ...calm(), method, expiresSeconds: 1200 });
    beforeEach(() => driver.write(BLOB, Buffer.from("content"), calm()));

    it("gives a URL that needs no credentials", async () => {
      const response = await fetch(await sign(driver));
      expect(await response.text()).toBe("content");
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      const head = await fetch(await sign(driver, "HEAD"), { method: "HEAD" });
      expect(head.headers.get("content-length")).toBe("7");
      expect((await sign(driver)).searchParams.get("X-Amz-Expires")).toBe("1200");
    });

    it("gives one for another method no access", async () => {
      const response = await fetch(await sign(driver, "HEAD"));
      expect(response.status).toBe(403);
    });

    it("signs for the redirect endpoint", async () => {
      const redirectEndpoint = new URL(gateway.endpoint);
      redirectEndpoint.hostname = "localhost";
      const url = await sign(await reopen({ redirectEndpoint }));
      expect(url.origin).toBe(redirectEndpoint.origin);
      expect(await (await fetch(url)).text()).toBe("content");
    });

    it("puts the redirect endpoint in the place of the bucket's own host", async () => {
      const redirectEndpoint = new URL("https://cdn.example.com");
      const opened = await reopen({ redirectEndpoint });
      expect((await sign(opened)).pathname).toBe(`/${settings.bucket}/${BLOB}`);
      const virtual = await reopen({ redirectEndpoint, forcePathStyle: false });
      expect((await sign(virtual)).href).toMatch(/^https:\/\/cdn\.example\.com\/b\/ab\/data\?/);
    });
  });

  describe("open()", () => {
    const failure = async (changes: Partial<S3Settings>): Promise<unknown> =>
      reopen(changes).then(
        () => undefined,
        (error: unknown) => error,
      );

    it.each([
      { changes: { bucket: "no-such-bucket" }, reason: "NoSuchBucket", hint: /create the bucket/ },
      // This server has a name of its own for what others call InvalidAccessKeyId.
      { changes: { accessKey: "nobody" }, reason: "XAdminUserNotFound", hint: /storage\.s3/ },
      {
        changes: { secretKey: new Secret("a-wrong-secret") },
        reason: "SignatureDoesNotMatch",
        hint: /secretkey/,
      },
      {
        changes: { endpoint: new URL("http://127.0.0.1:1") },
        reason: "ECONNREFUSED",
        hint: /nothing listens/,
      },
    ])("says what to do about $reason", async ({ changes, reason, hint }) => {
      const error = await failure(changes);
      expect(error).toMatchObject({ kind: "StorageUnavailable", reason });
      expect(String(error)).toMatch(hint);
      expect(JSON.stringify(error)).not.toMatch(/a-wrong-secret|barge-test-secret/);
    });
  });
});
