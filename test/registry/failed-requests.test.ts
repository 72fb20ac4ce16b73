/** Requests that fail: what the log says of them, and that they leave nothing behind. */
import { expect, it, vi } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { InMemoryDriver } from "../../storage-drivers/inmemory/inmemory-driver.ts";
import { openRegistry } from "../fixtures/in-process-registry.ts";
import { plainRequest, RawConnection } from "../fixtures/raw-http.ts";

const ABSENT = digestOf(Buffer.from("absent"));
const UPLOADS = "docker/registry/v2/repositories/a/_uploads";

it("an error is logged once, with the reference's fields for why", async () => {
  await using registry = await openRegistry();
  const answer = await fetch(new URL(`/v2/a/blobs/${ABSENT}`, registry.origin));
  expect(answer.status).toBe(404);
  await answer.text();
  await vi.waitUntil(() => registry.log.lines.some(({ level }) => level === "error"));
  const errors = registry.log.lines.filter(({ level }) => level === "error");
  expect(errors).toMatchObject([
    {
      message: "response completed with error",
      fields: {
        "err.code": "blob unknown",
        "http.response.status": 404,
        "http.response.contenttype": "application/json",
        "vars.digest": ABSENT,
      },
    },
  ]);
  expect(errors[0]?.fields["err"]).toBeInstanceOf(Error);
});

it("a whole blob that fails in one POST leaves no upload that nobody knows of", async () => {
  const driver = new InMemoryDriver();
  await using registry = await openRegistry({ driver });
  const left = async (): Promise<readonly unknown[]> =>
    await Array.fromAsync(driver.list(UPLOADS, { signal: AbortSignal.timeout(5_000) }));
  const target = `/v2/a/blobs/uploads/?digest=${ABSENT}`;
  {
    using client = await RawConnection.open(registry.origin);
    client.send(plainRequest("POST", target, ["Content-Length: 1000000"]), Buffer.alloc(1000));
    await vi.waitUntil(async () => (await left()).length > 0);
  }
  await vi.waitUntil(async () => (await left()).length === 0);
});
