/** From a request to the notification that a receiver gets. */
import { expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_MANIFEST, OCTET_STREAM } from "../../src/oci/media-type.ts";
import { WebhookReceiver } from "../fakes/webhook-receiver.ts";
import { openServed, type ServedRegistry } from "../fixtures/in-process-registry.ts";
import { pushImage } from "../fixtures/pushing.ts";

interface Told {
  readonly action: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly request: Readonly<Record<string, string>>;
  readonly source: Readonly<Record<string, string>>;
}

async function openWith(receiver: WebhookReceiver, more: object = {}): Promise<ServedRegistry> {
  const endpoint = { name: "test", url: receiver.url, headers: { "X-Token": ["one"] } };
  const events = { includereferences: true };
  return await openServed({
    storage: { inmemory: {}, delete: { enabled: true } },
    notifications: { events, endpoints: [{ ...endpoint, ...more }] },
  });
}

const eventsOf = ({ received }: WebhookReceiver): readonly Told[] =>
  received.flatMap(({ body }) => (JSON.parse(body) as { events: readonly Told[] }).events);

it("pushes, pulls, mounts and deletes are told, each once and in their order", async () => {
  await using receiver = await WebhookReceiver.open();
  await using served = await openWith(receiver);
  const base = new URL(served.address);
  const send = async (method: string, path: string): Promise<number> => {
    const answer = await fetch(new URL(path, base), { method });
    await answer.arrayBuffer();
    return answer.status;
  };
  const { digest, layer, config, bytes } = await pushImage(base, "a/b", { tag: "v1" });
  const mount = `/v2/c/blobs/uploads/?mount=${layer.digest}&from=a/b`;
  expect(await send("GET", "/v2/a/b/manifests/v1")).toBe(200);
  expect(await send("HEAD", `/v2/a/b/manifests/${digest}`)).toBe(200);
  expect(await send("GET", `/v2/a/b/blobs/${layer.digest}`)).toBe(200);
  expect(await send("POST", mount)).toBe(201);
  expect(await send("GET", "/v2/a/b/manifests/missing")).toBe(404);
  expect(await send("DELETE", `/v2/c/blobs/${layer.digest}`)).toBe(202);
  expect(await send("DELETE", `/v2/a/b/manifests/${digest}`)).toBe(202);
  await receiver.requests(9);

  const events = eventsOf(receiver);
  const blob = { mediaType: OCTET_STREAM, digest: layer.digest, size: 100, length: 100 };
  const manifest = {
    mediaType: OCI_MANIFEST,
    digest,
    size: bytes.length,
    length: bytes.length,
    repository: "a/b",
    url: `${base.origin}/v2/a/b/manifests/${digest}`,
  };
  const url = `${base.origin}/v2/a/b/blobs/${layer.digest}`;
  const references = [{ digest: config }, { digest: layer.digest }];
  expect(events.map(({ action, target }) => ({ action, target }))).toMatchObject([
    { action: "push", target: { ...blob, repository: "a/b", url } },
    { action: "push", target: { digest: config, size: 2, repository: "a/b" } },
    { action: "push", target: { ...manifest, tag: "v1", references } },
    { action: "pull", target: { ...manifest, tag: "v1" } },
    { action: "pull", target: manifest },
    { action: "pull", target: { ...blob, repository: "a/b", url } },
    { action: "mount", target: { ...blob, repository: "c", fromRepository: "a/b" } },
    { action: "delete", target: { digest: layer.digest, repository: "c" } },
    { action: "delete", target: { digest, repository: "a/b" } },
  ]);
  expect(events[4]?.target).not.toHaveProperty("tag");
  expect(events.map(({ request }) => request["method"])).toEqual([
    "POST",
    "POST",
    "PUT",
    "GET",
    "HEAD",
    "GET",
    "POST",
    "DELETE",
    "DELETE",
  ]);
  for (const { request, source } of events) {
    expect(request["host"]).toBe(base.host);
    expect(request["addr"]).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(source["instanceID"]).toBe(events[0]?.source["instanceID"]);
  }
  expect(new Set(events.map(({ request }) => request["id"])).size).toBe(9);
  // The tag went with its manifest, and is told behind it.
  await receiver.requests(10);
  expect(eventsOf(receiver)[9]).toMatchObject({
    action: "delete",
    target: { repository: "a/b", tag: "v1" },
  });
});

it("the receiver is told by whom the config says, in the media type of notifications", async () => {
  await using receiver = await WebhookReceiver.open();
  await using served = await openWith(receiver);
  await pushImage(new URL(served.address), "a");
  await receiver.requests(1);
  expect(receiver.received[0]).toMatchObject({
    method: "POST",
    headers: {
      "x-token": "one",
      "content-type": "application/vnd.docker.distribution.events.v2+json",
    },
  });
});

it("what the config ignores is not told", async () => {
  await using receiver = await WebhookReceiver.open();
  const ignore = { actions: ["pull"], mediatypes: [OCTET_STREAM] };
  await using served = await openWith(receiver, { ignore });
  const { digest } = await pushImage(new URL(served.address), "a");
  await fetch(new URL(`/v2/a/manifests/${digest}`, served.address));
  await served.stop();
  expect(eventsOf(receiver).map(({ target }) => target["digest"])).toEqual([digest]);
});

it("events of the last requests are delivered before the server ends", async () => {
  await using receiver = await WebhookReceiver.open();
  await using served = await openWith(receiver);
  const base = new URL(served.address);
  const { digest } = await pushImage(base, "a");
  await served.stop();
  expect(eventsOf(receiver).map(({ target }) => target["digest"])).toContain(digest);
  expect(digest).not.toBe(digestOf(Buffer.from("")));
});
