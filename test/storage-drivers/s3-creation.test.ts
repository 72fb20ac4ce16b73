/** What write() with `ifAbsent` makes of what stores answer. */
import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { S3Driver } from "../../storage-drivers/s3/s3-driver.ts";
import { calm } from "../contracts/storage-subject.ts";
import { openScriptedS3, sendError, sendPage } from "./scripted-s3.ts";

const KEY = "t/link";
const EXISTS = { kind: "ObjectExists", key: KEY };

/** What the store does to the next PUT before it judges it; told how many came before. */
type Fault = (put: {
  readonly number: number;
  readonly body: string;
  readonly response: ServerResponse;
}) => "answered" | "goes on";

describe("S3Driver.write() with ifAbsent", () => {
  let resources: AsyncDisposableStack;
  let driver: S3Driver;
  let stored: string | undefined;
  /** The field `If-None-Match` of each PUT. */
  let conditions: (string | undefined)[];
  let fault: Fault;
  let refusal: readonly [number, string];

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    stored = undefined;
    conditions = [];
    fault = () => "goes on";
    refusal = [412, "PreconditionFailed"];
    const { settings } = await openScriptedS3(
      resources,
      ({ method, path, headers, body }, answer) => {
        if (path.includes("list-type")) return sendPage(answer, []);
        if (method !== "PUT") return sendStored(answer, method);
        conditions.push(headers["if-none-match"]);
        if (fault({ number: conditions.length, body, response: answer }) === "answered") return;
        if (stored !== undefined && headers["if-none-match"] === "*") {
          return sendError(answer, ...refusal);
        }
        stored = body;
        answer.writeHead(200, { etag: '"x"' }).end();
      },
    );
    driver = resources.use(await S3Driver.open(settings, calm()));
  });
  afterEach(() => resources.disposeAsync());

  function sendStored(answer: ServerResponse, method: string): void {
    if (stored === undefined) return sendError(answer, 404, "NoSuchKey");
    const [size, isHead] = [stored.length, method === "HEAD"];
    const range = { "content-range": `bytes 0-${size - 1}/${size}` };
    answer.writeHead(isHead ? 200 : 206, { etag: '"x"', "content-length": size, ...range });
    answer.end(isHead ? undefined : stored);
  }

  const create = (content: string): Promise<void> =>
    driver.write(KEY, Buffer.from(content), { ...calm(), ifAbsent: true });

  it("asks the store to refuse what is there", async () => {
    await create("one");
    expect(conditions).toEqual(["*"]);
    expect(stored).toBe("one");
  });

  it("sends nothing when an object is there already", async () => {
    stored = "theirs";
    await expect(create("mine")).rejects.toMatchObject(EXISTS);
    expect(conditions).toEqual([]);
  });

  it.each([
    [412, "PreconditionFailed"],
    [304, "NotModified"],
  ] as const)("loses to an object that came after the look: %i %s", async (status, code) => {
    refusal = [status, code];
    fault = () => {
      stored = "theirs";
      return "goes on";
    };
    await expect(create("mine")).rejects.toMatchObject(EXISTS);
    expect(stored).toBe("theirs");
  });

  it("loses, too, when the object that was in the way is gone again", async () => {
    fault = ({ response }) => {
      sendError(response, 412, "PreconditionFailed");
      return "answered";
    };
    await expect(create("mine")).rejects.toMatchObject(EXISTS);
  });

  it("tries again while another change is under way", async () => {
    fault = ({ number, response }) => {
      if (number === 3) return "goes on";
      sendError(response, 409, "ConditionalRequestConflict");
      return "answered";
    };
    await create("mine");
    expect(conditions).toEqual(["*", "*", "*"]);
    expect(stored).toBe("mine");
  });

  it("gives up when there are changes without end", async () => {
    fault = ({ response }) => {
      sendError(response, 409, "ConditionalRequestConflict");
      return "answered";
    };
    const unavailable = { kind: "StorageUnavailable", reason: "ConditionalRequestConflict" };
    await expect(create("mine")).rejects.toMatchObject(unavailable);
    expect(conditions).toHaveLength(4);
  });

  it("knows its own object when the answer to the first attempt was lost", async () => {
    fault = ({ number, body, response }) => {
      if (number > 1) return "goes on";
      stored = body;
      response.destroy();
      return "answered";
    };
    await create("mine");
    expect(conditions).toEqual(["*", "*"]);
  });

  it("tells neither success nor loss when nobody knows what a lost answer said", async () => {
    fault = ({ number, response }) => {
      if (number > 1) return "goes on";
      // Maybe ours was there for a moment.
      stored = "theirs";
      response.destroy();
      return "answered";
    };
    const unavailable = { kind: "StorageUnavailable", reason: "PreconditionFailed" };
    await expect(create("mine")).rejects.toMatchObject(unavailable);
    expect(stored).toBe("theirs");
  });

  it("writes without a condition where the store does not know any", async () => {
    fault = ({ number, response }) => {
      if (number > 1) return "goes on";
      sendError(response, 501, "NotImplemented");
      return "answered";
    };
    await create("mine");
    expect(conditions).toEqual(["*", undefined]);
    await expect(create("later")).rejects.toMatchObject(EXISTS);
    expect(stored).toBe("mine");
  });
});
