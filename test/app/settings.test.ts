/** What the settings of the config change in answers. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { type InProcessRegistry, openRegistry } from "../fixtures/in-process-registry.ts";
import { pushBlob, pushImage, putManifest } from "../fixtures/pushing.ts";
import { plainRequest, sendRaw } from "../fixtures/raw-http.ts";

const INMEMORY = { inmemory: {} };
const ADDRESS = { addr: "127.0.0.1:0" };
const ABSENT = digestOf(Buffer.from("absent"));
const WRITES = ["PUT", "POST", "PATCH", "DELETE"];

async function openWith(sections: Readonly<Record<string, unknown>>): Promise<InProcessRegistry> {
  return await openRegistry({ sections });
}

const send = async (registry: InProcessRegistry, method: string, path: string): Promise<Response> =>
  await fetch(new URL(path, registry.origin), { method });

async function codeOf(answer: Response): Promise<string> {
  const { errors } = (await answer.json()) as { errors: readonly { code: string }[] };
  return errors[0]?.code ?? "";
}

describe("storage.delete off, as it is by default,", () => {
  it("refuses to delete tags, manifests and blobs, and keeps them", async () => {
    await using registry = await openWith({ storage: INMEMORY });
    const { digest, layer } = await pushImage(registry.origin, "a/b");
    const paths = [
      "/v2/a/b/manifests/latest",
      `/v2/a/b/manifests/${digest}`,
      `/v2/a/b/blobs/${layer.digest}`,
      "/v2/a/b/manifests/missing",
      `/v2/a/b/blobs/${ABSENT}`,
    ];
    for (const path of paths) {
      const answer = await send(registry, "DELETE", path);
      expect([answer.status, await codeOf(answer)]).toEqual([405, "UNSUPPORTED"]);
    }
    for (const path of paths.slice(0, 3)) {
      expect((await send(registry, "GET", path)).status).toBe(200);
    }
  });

  it("lets a client give its own upload up", async () => {
    await using registry = await openWith({ storage: INMEMORY });
    const started = await send(registry, "POST", "/v2/a/blobs/uploads/");
    const location = started.headers.get("location") ?? "";
    expect((await send(registry, "DELETE", location)).status).toBe(204);
    expect((await send(registry, "GET", location)).status).toBe(404);
  });
});

it("maintenance.readonly leaves reads and refuses writes with Allow", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "barge-readonly-"));
  const filesystem = { rootdirectory: folder.path };
  const image = await (async () => {
    await using writable = await openWith({ storage: { filesystem } });
    return await pushImage(writable.origin, "a");
  })();
  const maintenance = { readonly: { enabled: true } };
  const storage = { filesystem, maintenance, delete: { enabled: true } };
  await using registry = await openWith({ storage });
  const upload = "/v2/a/blobs/uploads/6ba7b810-9dad-41d1-80b4-00c04fd430c8";
  const paths = ["/v2/a/manifests/latest", `/v2/a/blobs/${image.layer.digest}`, upload];
  for (const path of paths) {
    for (const method of WRITES) {
      const answer = await send(registry, method, path);
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(await codeOf(answer)).toBe("UNSUPPORTED");
    }
  }
  const start = await send(registry, "POST", "/v2/a/blobs/uploads/");
  expect([start.status, start.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  expect(await start.text()).toContain("read-only");
  for (const path of [...paths.slice(0, 2), "/v2/a/tags/list", "/v2/_catalog", "/v2/"]) {
    expect((await send(registry, "GET", path)).status).toBe(200);
  }
});

describe("validation.manifests.urls", () => {
  const URLS = ["https://good.example/layer", "http://good.example/bad", "https://other.example/x"];

  async function statusesWith(urls: unknown, tried: readonly string[] = URLS): Promise<unknown> {
    const validation = urls === undefined ? {} : { validation: { manifests: { urls } } };
    await using registry = await openWith(validation);
    const { config, layer } = await pushImage(registry.origin, "a");
    const push = async (url: string): Promise<number> => {
      const layers = [{ mediaType: OCI_LAYER_GZIP, digest: layer.digest, size: 100, urls: [url] }];
      const described = { mediaType: "application/vnd.oci.image.config.v1+json", digest: config };
      const document = {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: { ...described, size: 2 },
        layers,
      };
      return (await putManifest(registry.origin, "a/manifests/x", document)).status;
    };
    return await Promise.all(tried.map((url) => push(url)));
  }

  it("lets every http and https URL in when it is not configured, and no other", async () => {
    expect(await statusesWith(undefined)).toEqual([201, 201, 201]);
    const bad = ["ftp://good.example/x", "file:///etc/passwd", "https://good.example/#x", "x", ""];
    expect(await statusesWith(undefined, bad)).toEqual([400, 400, 400, 400, 400]);
  });

  it("lets in what an expression allows and none denies", async () => {
    const allow = ["^https?://good\\.example/"];
    expect(await statusesWith({ allow })).toEqual([201, 201, 400]);
    expect(await statusesWith({ allow, deny: ["bad$"] })).toEqual([201, 400, 400]);
  });

  it("lets nothing in when nothing is allowed", async () => {
    expect(await statusesWith({ allow: [] })).toEqual([400, 400, 400]);
  });
});

describe("validation.manifests.indexes", () => {
  const child = (architecture: string): object => ({
    mediaType: OCI_MANIFEST,
    digest: digestOf(Buffer.from(architecture)),
    size: 10,
    platform: { architecture, os: "linux" },
  });

  async function statusWith(indexes: unknown): Promise<readonly number[]> {
    const validation = indexes === undefined ? {} : { validation: { manifests: { indexes } } };
    await using registry = await openWith(validation);
    const push = async (manifests: readonly object[]): Promise<number> => {
      const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
      return (await putManifest(registry.origin, "a/manifests/x", document)).status;
    };
    return [await push([child("amd64"), child("arm64")]), await push([child("arm64")])];
  }

  it("takes sparse indexes when it is not configured, or none is asked for", async () => {
    expect(await statusWith(undefined)).toEqual([201, 201]);
    expect(await statusWith({ platforms: "none" })).toEqual([201, 201]);
  });

  it("asks for all children, or for those of the listed platforms", async () => {
    expect(await statusWith({ platforms: "all" })).toEqual([400, 400]);
    const platformlist = [{ os: "linux", architecture: "amd64" }];
    expect(await statusWith({ platforms: "list", platformlist })).toEqual([400, 201]);
  });
});

describe("http", () => {
  it("headers stand in every answer, one line per value, and in the place of ours", async () => {
    const headers = { "X-One": ["1"], "X-Two": ["a", "b"], "x-content-type-options": ["other"] };
    await using registry = await openWith({ http: { ...ADDRESS, headers } });
    for (const path of ["/v2/", "/v2/a/tags/list", "/", "/nowhere", "/v2/A/tags/list"]) {
      const answer = await sendRaw(registry.origin, plainRequest("GET", path));
      expect(answer.headers).toMatchObject({
        "x-one": "1",
        "x-two": "a, b",
        "x-content-type-options": "other",
        "docker-distribution-api-version": "registry/2.0",
      });
    }
  });

  it("prefix stands before v2 in paths, Location and Link", async () => {
    await using registry = await openWith({ http: { ...ADDRESS, prefix: "/reg/x/" } });
    const base = new URL("/reg/x/", registry.origin);
    await pushImage(base, "a", { tag: "1" });
    await pushImage(base, "a", { tag: "2" });
    const started = await send(registry, "POST", "/reg/x/v2/a/blobs/uploads/");
    const location = started.headers.get("location") ?? "";
    expect(location.startsWith(`${registry.origin.origin}/reg/x/v2/a/blobs/uploads/`)).toBe(true);
    expect((await send(registry, "GET", location)).status).toBe(204);
    const page = await send(registry, "GET", "/reg/x/v2/a/tags/list?n=1");
    expect(page.headers.get("link")).toBe('</reg/x/v2/a/tags/list?last=1&n=1>; rel="next"');
    expect((await send(registry, "GET", "/v2/")).status).toBe(404);
    expect((await send(registry, "GET", "/")).status).toBe(200);
  });

  async function locationWith(http: object, lines: readonly string[] = []): Promise<string> {
    await using registry = await openWith({ http: { ...ADDRESS, ...http } });
    const request = plainRequest("POST", "/v2/a/blobs/uploads/", ["Content-Length: 0", ...lines]);
    const { headers } = await sendRaw(registry.origin, request);
    return headers["location"]?.replace(/[0-9a-f-]{36}$/, "ID") ?? "";
  }
  const FORWARDED = ["X-Forwarded-Proto: https", "X-Forwarded-Host: hub.example"];

  it("relativeurls leaves scheme and host out of Location", async () => {
    expect(await locationWith({})).toBe("http://registry.test/v2/a/blobs/uploads/ID");
    expect(await locationWith({ relativeurls: true })).toBe("/v2/a/blobs/uploads/ID");
  });

  it("host stands in Location whatever the request says", async () => {
    const host = "https://hub.example:444/below";
    const location = "https://hub.example:444/below/v2/a/blobs/uploads/ID";
    expect(await locationWith({ host }, ["X-Forwarded-Host: other"])).toBe(location);
  });

  it("takes what a proxy forwards from this machine, unless barge.trustedProxies says otherwise", async () => {
    expect(await locationWith({}, FORWARDED)).toBe("https://hub.example/v2/a/blobs/uploads/ID");
    const barge = { trustedProxies: ["203.0.113.0/24"] };
    await using registry = await openWith({ barge });
    const request = plainRequest("POST", "/v2/a/blobs/uploads/", [
      "Content-Length: 0",
      ...FORWARDED,
    ]);
    const { headers } = await sendRaw(registry.origin, request);
    expect(headers["location"]).toMatch(/^http:\/\/registry\.test\/v2\//);
  });
});

it("a failing health check answers 503 with Retry-After everywhere until it is well again", async () => {
  await using registry = await openRegistry();
  registry.failures["storagedriver_inmemory"] = "secret-of-the-operator";
  const paths = ["/", "/v2/", "/v2/a/tags/list", "/v2/A/b/tags/list", "/nowhere", "/v2/_catalog"];
  for (const path of paths) {
    const { status, headers, body } = await sendRaw(registry.origin, plainRequest("GET", path));
    expect([status, headers["retry-after"]]).toEqual([503, "5"]);
    expect(body.toString()).toContain('"UNAVAILABLE"');
    expect(body.toString()).not.toContain("secret-of");
  }
  delete registry.failures["storagedriver_inmemory"];
  expect((await send(registry, "GET", "/v2/")).status).toBe(200);
  await pushBlob(registry.origin, "a", Buffer.from("well"));
});
