import { Buffer } from "node:buffer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ObjectNotFound } from "../../src/storage/errors.ts";
import { S3Driver } from "../../storage-drivers/s3/s3-driver.ts";
import type { S3Settings } from "../../storage-drivers/s3/s3-settings.ts";
import { calm, names, text } from "../contracts/storage-subject.ts";
import {
  type Answer,
  openScriptedS3,
  type ScriptedS3,
  sendError,
  sendPage,
  sendXml,
} from "./scripted-s3.ts";

let resources: AsyncDisposableStack;
beforeEach(() => {
  resources = new AsyncDisposableStack();
});
afterEach(() => resources.disposeAsync());

/** A driver on a server that answers the probe, and then as the test says. */
async function openOn(
  answer: Answer,
  changes: Partial<S3Settings> = {},
): Promise<ScriptedS3 & { readonly driver: S3Driver }> {
  let isProbed = false;
  const server = await openScriptedS3(resources, (request, response) => {
    if (isProbed) return answer(request, response);
    isProbed = true;
    sendPage(response, []);
  });
  const limits = { ...calm(), idleTimeoutMs: 200 };
  const driver = resources.use(await S3Driver.open({ ...server.settings, ...changes }, limits));
  server.seen.length = 0;
  return { ...server, driver };
}

describe("S3Driver.list() mistrusts what the store says", () => {
  it("a repeated token is an error, not an endless loop", async () => {
    const { driver } = await openOn((_request, response) =>
      sendPage(response, ["p/a"], { next: "again" }),
    );
    await expect(names(driver.list("p", calm()))).rejects.toMatchObject({
      kind: "StorageUnavailable",
      reason: "RepeatedContinuationToken",
    });
  });

  it("a page that is cut without a token is an error, not the end", async () => {
    const { driver } = await openOn((_request, response) =>
      sendPage(response, ["p/a"], { isTruncated: true }),
    );
    await expect(names(driver.list("p", calm()))).rejects.toMatchObject({
      reason: "NoContinuationToken",
    });
  });

  it("an empty page with a token is not the end", async () => {
    const { driver } = await openOn(({ path }, response) =>
      path.includes("continuation-token")
        ? sendPage(response, ["p/b"])
        : sendPage(response, [], { next: "more" }),
    );
    expect(await names(driver.list("p", calm()))).toEqual(["b"]);
  });

  it("empty pages without end are an error", async () => {
    let page = 0;
    const { driver } = await openOn((_request, response) =>
      sendPage(response, [], { next: `${(page += 1)}` }),
    );
    await expect(names(driver.list("p", calm()))).rejects.toMatchObject({
      reason: "EndlessListing",
    });
  });

  it("names that no key can have are left out", async () => {
    const keys = ["p/", "p//x", "p/a", "p/b c", "p/..", "p/data"];
    const { driver } = await openOn((_request, response) => sendPage(response, keys));
    expect(await names(driver.list("p", calm()))).toEqual(["a", "data"]);
  });
});

describe("S3Driver.read() mistrusts the connection", () => {
  const content = Buffer.from("0123456789");

  const serve = (
    response: Parameters<Answer>[1],
    startBytes: number,
    { cutBytes = 0, isChunked = false } = {},
  ): void => {
    const rest = content.subarray(startBytes);
    response.writeHead(startBytes === 0 ? 200 : 206, {
      etag: '"one"',
      ...(!isChunked && { "content-length": rest.byteLength }),
      "content-range": `bytes ${startBytes}-9/10`,
    });
    if (cutBytes === 0) response.end(rest);
    else response.write(rest.subarray(0, -cutBytes), () => response.destroy());
  };

  it("goes on where a connection broke, with the same object", async () => {
    const { driver, seen } = await openOn(({ headers }, response) => {
      const start = Number(/^bytes=(\d+)/.exec(headers.range ?? "")?.[1] ?? 0);
      serve(response, start, { cutBytes: start === 0 ? 4 : start === 6 ? 2 : 0 });
    });
    expect(await text(driver.read("a", calm()))).toBe("0123456789");
    const ranges = seen.map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, "bytes=6-9", "bytes=8-9"]);
    expect(seen.slice(1).every(({ headers }) => headers["if-match"] === '"one"')).toBe(true);
  });

  it("gives up when nothing more comes, and never ends early", async () => {
    const { driver } = await openOn(({ headers }, response) =>
      serve(response, headers.range === undefined ? 0 : 6, { cutBytes: 4 }),
    );
    await expect(text(driver.read("a", calm()))).rejects.toMatchObject({ reason: "BodyCutOff" });
  });

  it("an object that was replaced meanwhile is not glued to the old one", async () => {
    const { driver } = await openOn(({ headers }, response) =>
      headers.range === undefined
        ? serve(response, 0, { cutBytes: 4 })
        : sendError(response, 412, "PreconditionFailed"),
    );
    await expect(text(driver.read("a", calm()))).rejects.toMatchObject({
      reason: "PreconditionFailed",
    });
  });

  it("a store that ignores the range is an error", async () => {
    const { driver } = await openOn((_request, response) => {
      response.writeHead(200, { "content-length": content.byteLength }).end(content);
    });
    const range = { startBytes: 4, lengthBytes: 2 };
    await expect(text(driver.read("a", { ...calm(), range }))).rejects.toMatchObject({
      reason: "RangeIgnored",
    });
  });
});

describe("S3Driver when the store fails", () => {
  it("tries again after a 503, and succeeds", async () => {
    let failures = 0;
    const { driver, seen } = await openOn((_request, response) => {
      failures += 1;
      if (failures <= 2) sendError(response, 503, "SlowDown");
      else response.writeHead(200, { etag: '"x"' }).end();
    });
    await driver.write("a", Buffer.from("x"), calm());
    expect(seen).toHaveLength(3);
  });

  it.each([
    { status: 503, code: "SlowDown" },
    { status: 403, code: "AccessDenied" },
    { status: 403, code: "InvalidAccessKeyId" },
    { status: 404, code: "NoSuchBucket" },
  ])("$code is StorageUnavailable with that reason, never absence", async ({ status, code }) => {
    const { driver } = await openOn((_request, response) => sendError(response, status, code));
    const unavailable = { kind: "StorageUnavailable", reason: code };
    await expect(text(driver.read("a", calm()))).rejects.toMatchObject(unavailable);
    await expect(driver.write("a", Buffer.from("x"), calm())).rejects.toMatchObject(unavailable);
  });

  it("a refusal without words is StorageUnavailable too", async () => {
    const { driver } = await openOn((_request, response) => response.writeHead(403).end());
    await expect(driver.stat("a", calm())).rejects.toMatchObject({ reason: "Http403" });
  });

  it("NoSuchKey is absence", async () => {
    const { driver } = await openOn((_request, response) => sendError(response, 404, "NoSuchKey"));
    expect(await driver.stat("a", calm())).toBeUndefined();
    await expect(text(driver.read("a", calm()))).rejects.toBeInstanceOf(ObjectNotFound);
  });

  it("a store that never answers is given up", async () => {
    const { driver } = await openOn(() => undefined);
    await expect(driver.stat("a", calm())).rejects.toMatchObject({
      kind: "StorageUnavailable",
      reason: "TimeoutError",
    });
  });

  it("an abort ends the wait for a store that never answers", async () => {
    const stop = new AbortController();
    const reason = new Error("shutting down");
    const { driver } = await openOn(() => stop.abort(reason));
    await expect(driver.stat("a", { signal: stop.signal })).rejects.toBe(reason);
  });

  it("one key that was not deleted makes the batch fail", async () => {
    const { driver } = await openOn(({ method, path }, response) => {
      if (path.includes("uploads")) {
        sendXml(response, 200, "<ListMultipartUploadsResult></ListMultipartUploadsResult>");
      } else if (method === "POST") {
        const failed = "<Error><Key>p/b</Key><Code>AccessDenied</Code></Error>";
        sendXml(response, 200, `<DeleteResult>${failed}</DeleteResult>`);
      } else if (method === "GET") sendPage(response, ["p/a", "p/b"]);
      else response.writeHead(204).end();
    });
    await expect(driver.deleteTree("p", calm())).rejects.toMatchObject({ reason: "AccessDenied" });
  });
});

describe("S3Driver says what the settings ask for", () => {
  const headersOfWrite = async (changes: Partial<S3Settings>) => {
    const { driver, seen } = await openOn(
      (_request, response) => void response.writeHead(200, { etag: '"x"' }).end(),
      changes,
    );
    await driver.write("a", Buffer.from("x"), calm());
    return { ...seen[0]?.headers, path: seen[0]?.path };
  };

  it("encryption, storage class, ACL, user agent and root", async () => {
    expect(
      await headersOfWrite({
        encrypt: true,
        keyId: "key-1",
        storageClass: "STANDARD_IA",
        objectAcl: "bucket-owner-full-control",
        userAgent: "barge-of-ours",
        rootDirectory: "some/root",
      }),
    ).toMatchObject({
      "content-type": "application/octet-stream",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-acl": "bucket-owner-full-control",
      "user-agent": expect.stringContaining("barge-of-ours"),
      path: "/some/root/a?x-id=PutObject",
    });
  });

  it("encryption with the store's own key", async () => {
    expect(await headersOfWrite({ encrypt: true })).toMatchObject({
      "x-amz-server-side-encryption": "AES256",
    });
  });

  it("nothing that was not asked for", async () => {
    const headers = Object.keys(await headersOfWrite({}));
    const unasked = /checksum|encryption|storage-class|acl|^expect$/;
    expect(headers.filter((name) => unasked.test(name))).toEqual([]);
  });

  it("a storage class that S3 does not know is refused", async () => {
    await expect(openOn(() => undefined, { storageClass: "COLD" })).rejects.toMatchObject({
      reason: "InvalidSetting",
    });
  });
});
