/** That a page of a long list costs a page: the store is told where to begin, and asked no further. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { S3Driver } from "../../storage-drivers/s3/s3-driver.ts";
import { calm } from "../contracts/storage-subject.ts";
import { openScriptedS3, sendPage } from "./scripted-s3.ts";

let resources: AsyncDisposableStack;
beforeEach(() => {
  resources = new AsyncDisposableStack();
});
afterEach(() => resources.disposeAsync());

it.each([
  ["b/", "p/b/"],
  ["v1.0.~", "p/v1.0.~"],
  ["a[", "p/a["],
  ["a\u0001", "p/a"],
  ["aé", "p/a~"],
  ["x".repeat(3000), `p/${"x".repeat(1022)}`],
])(
  "S3Driver.list() behind %j begins behind it, or before what no store may like",
  async (after, start) => {
    const asked: URLSearchParams[] = [];
    const server = await openScriptedS3(resources, ({ path }, response) => {
      asked.push(new URL(path, "http://store").searchParams);
      sendPage(response, ["p/zy", "p/zz"], { next: "more" });
    });
    const driver = resources.use(await S3Driver.open(server.settings, calm()));
    asked.length = 0;
    for await (const { name } of driver.list("p", { ...calm(), after })) {
      expect(name).toBe("zy");
      break;
    }
    expect(asked.map((query) => query.get("start-after"))).toEqual([start]);
  },
);
