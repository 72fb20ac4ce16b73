import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { formatEnvelope, mediaTypeOf } from "../../src/events/envelope.ts";
import type { ManifestTransferred, RegistryEvent } from "../../src/events/event.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import {
  blobPulled,
  DIGEST,
  manifestPushed,
  originOf,
  REPOSITORY,
  tagDeleted,
} from "../fakes/registry-events.ts";

const SOURCE = { address: "registry-1:5000", instanceId: "99999999-8888-4777-8666-555555555555" };
const FULL: ManifestTransferred = {
  ...manifestPushed("c0ffee00-0000-4000-8000-000000000000"),
  target: {
    ...manifestPushed("").target,
    url: `https://reg.example/v2/a/b/manifests/${DIGEST}`,
    annotations: { "z.last": "<b>&</b>", "a.first": "1" },
    artifactType: "application/vnd.example+json",
    references: [
      { mediaType: OCI_CONFIG, digest: DIGEST, sizeBytes: 2 },
      { mediaType: OCI_LAYER_GZIP, digest: DIGEST, sizeBytes: 1 },
    ],
  },
};

describe("formatEnvelope()", () => {
  it("writes a push with everything, byte for byte", async () => {
    const golden = new URL("../fixtures/notification-push.json", import.meta.url);
    const body = formatEnvelope(FULL, { source: SOURCE, includeReferences: true });
    expect(`${body}\n`).toBe(await readFile(golden, "utf8"));
  });

  it("leaves references out unless they are asked for", () => {
    const [event] = parse(FULL);
    expect(event).toMatchObject({ target: { tag: "v1", length: 395, size: 395 } });
    expect(event).not.toHaveProperty("target.references");
  });

  it("writes a blob's pull", () => {
    expect(parse(blobPulled("1"))).toMatchObject([
      {
        id: "1",
        timestamp: "2026-01-02T03:04:05.678Z",
        action: "pull",
        target: {
          mediaType: "application/octet-stream",
          digest: DIGEST,
          size: 12,
          length: 12,
          repository: "a/b",
        },
      },
    ]);
  });

  it("writes a mount with the repository it came from", () => {
    const fromRepository = parseRepositoryName("c/d");
    const target = { ...blobPulled("1").target, fromRepository };
    const event = { ...blobPulled("1"), action: "mount", target } as const;
    expect(parse(event)).toMatchObject([
      { action: "mount", target: { repository: "a/b", fromRepository: "c/d", digest: DIGEST } },
    ]);
  });

  it.each<[string, RegistryEvent, object]>([
    [
      "manifest",
      {
        ...originOf("1"),
        kind: "manifest",
        action: "delete",
        repository: REPOSITORY,
        target: { digest: DIGEST },
      },
      { digest: DIGEST, repository: "a/b" },
    ],
    [
      "blob",
      {
        ...originOf("1"),
        kind: "blob",
        action: "delete",
        repository: REPOSITORY,
        target: { digest: DIGEST },
      },
      { digest: DIGEST, repository: "a/b" },
    ],
    ["tag", tagDeleted("1"), { repository: "a/b", tag: "v1" }],
    [
      "repository",
      { ...originOf("1"), kind: "repository", action: "delete", repository: REPOSITORY },
      { repository: "a/b" },
    ],
  ])("writes the deletion of a %s with nothing but what it names", (_, event, target) => {
    const [written] = parse(event);
    expect(written).toMatchObject({ action: "delete" });
    expect(written?.["target"]).toEqual(target);
  });

  it("keeps actor and source there when nothing is known of them", () => {
    const event = { ...tagDeleted("1"), actor: { name: "", kind: "anonymous" } } as const;
    const request = { id: "", address: "", sureAddress: "", host: "", method: "", userAgent: "" };
    const [written] = parse({ ...event, request }, { address: "", instanceId: "" });
    expect(written).toMatchObject({ actor: {}, source: {} });
    expect(written?.["actor"]).toEqual({});
    expect(written?.["request"]).toEqual({ id: "", method: "", useragent: "" });
  });

  it("keeps to itself what a client puts into its name by mistake", () => {
    const event = tagDeleted("1");
    const told = (userAgent: string): unknown =>
      parse({ ...event, request: { ...event.request, userAgent } })[0]?.["request"];
    expect(told("ci/1 token=c4n4ry")).toMatchObject({ useragent: "ci/1 token=[redacted]" });
    const usual = "docker/28.0 go/go1.24 UpstreamClient(Docker-Client/28.0 \\(linux\\))";
    expect(told(usual)).toMatchObject({ useragent: usual });
  });
});

describe("mediaTypeOf()", () => {
  it("is that of content, and none for deletions", () => {
    expect(mediaTypeOf(manifestPushed("1"))).toBe(OCI_MANIFEST);
    expect(mediaTypeOf(tagDeleted("1"))).toBeUndefined();
  });
});

function parse(event: RegistryEvent, source = SOURCE): Record<string, unknown>[] {
  const body = formatEnvelope(event, { source, includeReferences: false });
  return (JSON.parse(body) as { events: Record<string, unknown>[] }).events;
}
