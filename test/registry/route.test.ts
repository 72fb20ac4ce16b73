import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDigest } from "../../src/oci/digest.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";
import { parseRepositoryName } from "../../src/oci/repository-name.ts";
import { RouteUnknown } from "../../src/registry/errors.ts";
import { parseRoute, type Route, Routes } from "../../src/registry/route.ts";
import { titled } from "../fixtures/titled.ts";

const HEX = "0123456789abcdef".repeat(4);
const DIGEST = parseDigest(`sha256:${HEX}`);
const LONG_DIGEST = parseDigest(`sha512:${HEX}${HEX}`);
const UPLOAD = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

const kind = (name: string): unknown => expect.objectContaining({ kind: name }) as unknown;
const manifest = (name: string, reference: string): Route => ({
  kind: "manifest",
  name: parseRepositoryName(name),
  reference: parseReference(reference),
});

const ROUTES: readonly (readonly [path: string, route: object])[] = [
  ["/", { kind: "root" }],
  ["/v2", { kind: "base" }],
  ["/v2/", { kind: "base" }],
  ["/v2/_catalog", { kind: "catalog" }],
  ["/v2/_catalog/", { kind: "catalog" }],
  ["/v2/a/tags/list", { kind: "tags", name: "a" }],
  ["/v2/a/b/c/tags/list", { kind: "tags", name: "a/b/c" }],
  ["/v2/a/manifests/latest", manifest("a", "latest")],
  [`/v2/a/manifests/${DIGEST}`, manifest("a", DIGEST)],
  [`/v2/a/manifests/sha512%3A${HEX}${HEX}`, manifest("a", LONG_DIGEST)],
  [`/v2/a/blobs/${DIGEST}`, { kind: "blob", name: "a", digest: DIGEST }],
  [`/v2/a/blobs/sha256%3a${HEX}`, { kind: "blob", name: "a", digest: DIGEST }],
  [`/v2/a/referrers/${DIGEST}`, { kind: "referrers", name: "a", subject: DIGEST }],
  ["/v2/a/blobs/uploads", { kind: "blob_upload", name: "a" }],
  ["/v2/a/blobs/uploads/", { kind: "blob_upload", name: "a" }],
  [`/v2/a/blobs/uploads/${UPLOAD}`, { kind: "blob_upload_chunk", name: "a", id: UPLOAD }],
  ["/v2/a/blobs/uploads/Any.Text=", { kind: "blob_upload_chunk", name: "a", id: "Any.Text=" }],
  ["/v2/a%2Fb/tags/list", { kind: "tags", name: "a/b" }],
  ["/v2/a%2fb%2Ftags%2Flist", { kind: "tags", name: "a/b" }],
];

/** Names that hold the words of paths. */
const WORDY: readonly (readonly [path: string, route: object])[] = [
  ["/v2/a/tags/list/tags/list", { kind: "tags", name: "a/tags/list" }],
  ["/v2/tags/list/tags/list", { kind: "tags", name: "tags/list" }],
  ["/v2/a/manifests/x/manifests/y", manifest("a/manifests/x", "y")],
  ["/v2/manifests/manifests/manifests", manifest("manifests", "manifests")],
  ["/v2/a/blobs/uploads/blobs/uploads", { kind: "blob_upload", name: "a/blobs/uploads" }],
  ["/v2/blobs/uploads/blobs/uploads", { kind: "blob_upload", name: "blobs/uploads" }],
  ["/v2/a/blobs/uploads/manifests/x", manifest("a/blobs/uploads", "x")],
  ["/v2/a/blobs/uploads/tags/list", { kind: "tags", name: "a/blobs/uploads" }],
  ["/v2/blobs/blobs/uploads", { kind: "blob_upload", name: "blobs" }],
  ["/v2/con/blobs/uploads", { kind: "blob_upload", name: "con" }],
];

const UNKNOWN = [
  "",
  "/v3/",
  "/v2x",
  "/V2/",
  "/v2/a",
  "/v2/a/b",
  "/v2/tags/list",
  "/v2/manifests/x",
  "/v2/blobs/uploads",
  "/v2/_catalog/x",
  "/v2/a/tags",
  "/v2/a/tags/lists",
  "/index.html",
  "//v2/",
  "//v2/a/tags/list",
  "/v1/a/tags/list",
  "/v2/a/_oci/x",
  "/etc/passwd",
  "/../v2/",
];

const BAD_NAMES = [
  "/v2/A/tags/list",
  "/v2/a..b/tags/list",
  "/v2/../tags/list",
  "/v2/a/../b/tags/list",
  "/v2/./tags/list",
  "/v2/_uploads/tags/list",
  "/v2/a/_manifests/tags/list",
  "/v2/-a/tags/list",
  "/v2/a_/tags/list",
  "/v2/a%2F..%2Fb/tags/list",
  "/v2/a\\b/tags/list",
  "/v2/a:5000/b/tags/list",
  "/v2/a;b/tags/list",
  "/v2/ä/tags/list",
  "/v2/a\n/tags/list",
  `/v2/${"a".repeat(256)}/tags/list`,
];

const BAD_SHAPES = [
  "/v2//",
  "/v2//a/tags/list",
  "/v2/a//b/tags/list",
  "/v2/a/tags//list",
  "/v2/a%2F/tags/list",
  "/v2/%2e%2e/tags/list",
  "/v2/%252e%252e/tags/list",
  "/v2/a/manifests/%00",
  "/%76%32/",
  "/v2/a/manifests/x%0d%0aX:%20y",
  "/v2/a/manifests/a%ff",
  "/v2/a/manifests/a%zz",
  "/v2/%",
  "/v2/a/manifests/%41",
  "/v2/a%20b/tags/list",
  "/v2/a/manifests/%2525",
  "/v2/a/tags/list%2",
  `/v2/${"a/".repeat(2048)}tags/list`,
];

const BAD_TAGS = ["..", ".", "-x", "a+b", "x;y", "x#f", "a".repeat(129)];
const BAD_DIGESTS = [
  "sha256:bad",
  `sha256:${HEX}0`,
  `sha256:${HEX.slice(1)}`,
  `sha256:${HEX.toUpperCase()}`,

  `md5:${HEX.slice(32)}`,
  `sha256+b64:${HEX}`,
  `sha512:${HEX}`,
  `SHA256:${HEX}`,
  "sha256:",
  ":",
  `sha384:${HEX}${HEX.slice(32)}`,
  `sha256:${"٣".repeat(64)}`,
  `sha256%3A..`,
];

describe("parseRoute()", () => {
  it.each(ROUTES)("%s", (path, route) => {
    expect(parseRoute(path, "/")).toEqual(route);
  });

  it.each(WORDY)("%s is read from its right-hand end", (path, route) => {
    expect(parseRoute(path, "/")).toEqual(route);
  });

  it.each(UNKNOWN)("nothing is at %j", (path) => {
    expect(() => parseRoute(path, "/")).toThrow(kind("RouteUnknown"));
  });

  it.each(titled(BAD_NAMES))("%s has no name", (_title, path) => {
    expect(() => parseRoute(path, "/")).toThrow(kind("InvalidName"));
  });

  it.each(titled(BAD_SHAPES))("%s is no path", (_title, path) => {
    expect(() => parseRoute(path, "/")).toThrow(kind("BadRequest"));
  });

  it.each(titled(BAD_TAGS))("%s is no tag", (_title, tag) => {
    expect(() => parseRoute(`/v2/a/manifests/${tag}`, "/")).toThrow(kind("InvalidTag"));
  });

  it.each(titled(BAD_DIGESTS))("%s is no digest", (_title, digest) => {
    for (const word of ["manifests", "blobs", "referrers"]) {
      expect(() => parseRoute(`/v2/a/${word}/${digest}`, "/")).toThrow(kind("InvalidDigest"));
    }
  });

  it("takes a tag where a digest must stand for no digest", () => {
    expect(() => parseRoute("/v2/a/blobs/latest", "/")).toThrow(kind("InvalidDigest"));
    expect(() => parseRoute("/v2/a/referrers/latest", "/")).toThrow(kind("InvalidDigest"));
  });

  it("asks for the prefix in front of v2", () => {
    const tags = { kind: "tags", name: "a" };
    expect(parseRoute("/reg/x/v2/a/tags/list", "/reg/x/")).toEqual(tags);
    expect(parseRoute("/reg/x/v2", "/reg/x/")).toEqual({ kind: "base" });
    expect(parseRoute("/", "/reg/x/")).toEqual({ kind: "root" });
    expect(() => parseRoute("/v2/a/tags/list", "/reg/x/")).toThrow(kind("RouteUnknown"));
    expect(() => parseRoute("/reg/xv2/a/tags/list", "/reg/x/")).toThrow(kind("RouteUnknown"));
  });
});

const component = fc.stringMatching(/^[a-z0-9]{1,6}(?:(?:[._]|__|-{1,3})[a-z0-9]{1,6}){0,2}$/);
const word = fc.constantFrom("blobs", "uploads", "manifests", "tags", "list", "referrers", "v2");
const repositoryName = fc
  .array(fc.oneof(component, word), { minLength: 1, maxLength: 6 })
  .map((parts) => parseRepositoryName(parts.join("/")));
const digest = fc
  .tuple(fc.constantFrom(["sha256", 64] as const, ["sha512", 128] as const), fc.nat())
  .map(([[name, length], seed]) =>
    parseDigest(`${name}:${seed.toString(16).padStart(length, "0")}`),
  );
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);
const reference = fc.oneof(digest, tag).map((text) => parseReference(text));

const route: fc.Arbitrary<Route> = fc.oneof(
  fc.constantFrom<Route>({ kind: "base" }, { kind: "catalog" }),
  fc.record({ kind: fc.constant("tags" as const), name: repositoryName }),
  fc.record({ kind: fc.constant("manifest" as const), name: repositoryName, reference }),
  fc.record({ kind: fc.constant("referrers" as const), name: repositoryName, subject: digest }),
  fc.record({ kind: fc.constant("blob" as const), name: repositoryName, digest }),
  fc.record({ kind: fc.constant("blob_upload" as const), name: repositoryName }),
  fc.record({
    kind: fc.constant("blob_upload_chunk" as const),
    name: repositoryName,
    id: fc.uuid(),
  }),
);

function format(wanted: Route): string {
  switch (wanted.kind) {
    case "root":
      return "/";
    case "base":
      return "/v2/";
    case "catalog":
      return "/v2/_catalog";
    case "tags":
      return `/v2/${wanted.name}/tags/list`;
    case "manifest":
      return `/v2/${wanted.name}/manifests/${formatReference(wanted.reference)}`;
    case "referrers":
      return `/v2/${wanted.name}/referrers/${wanted.subject}`;
    case "blob":
      return `/v2/${wanted.name}/blobs/${wanted.digest}`;
    case "blob_upload":
      return `/v2/${wanted.name}/blobs/uploads/`;
    case "blob_upload_chunk":
      return `/v2/${wanted.name}/blobs/uploads/${wanted.id}`;
  }
}

/** Escapes what clients escape, here and there. */
function escapeSome(path: string, mask: number): string {
  let bit = 0;
  return path.replaceAll(/[/:]/g, (character, index) => {
    bit = (bit + 1) % 31;
    if (index < 4 || (mask >> bit) % 2 === 0) return character;
    return character === "/" ? "%2F" : "%3a";
  });
}

describe("parseRoute(), whatever comes", () => {
  it("gives back every route that was written as a path, escaped or not", () => {
    fc.assert(
      fc.property(route, fc.nat(), (wanted, mask) => {
        expect(parseRoute(format(wanted), "/")).toEqual(wanted);
        expect(parseRoute(escapeSome(format(wanted), mask), "/")).toEqual(wanted);
      }),
    );
  });

  it("never gives a name that could leave its folder", () => {
    const piece = fc.oneof(
      fc.constantFrom("..", ".", "/", "//", "%2e", "%2F", "%5c", "\\", "\0", "%00", "_layers"),
      fc.constantFrom("blobs", "uploads", "manifests", "tags/list", "x", "A"),
      fc.string({ maxLength: 4 }),
    );
    const path = fc
      .tuple(fc.constantFrom("/v2/", "/v2", "/", "//"), fc.array(piece, { maxLength: 8 }))
      .chain(([start, pieces]) =>
        fc
          .constantFrom("", "/tags/list", "/manifests/x", `/blobs/${DIGEST}`, "/blobs/uploads/y")
          .map((end) => `${start}${pieces.join("")}${end}`),
      );
    fc.assert(
      fc.property(path, (text) => {
        const found = parsed(text);
        if (found === undefined || !("name" in found)) return;
        const parts = found.name.split("/");
        expect(parts.every((part) => /^[a-z0-9]/.test(part) && !part.includes(".."))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

/** `undefined` when it was refused by an error of ours; any other error is a failure. */
function parsed(path: string): Route | undefined {
  try {
    return parseRoute(path, "/");
  } catch (error) {
    expect(error).toHaveProperty("kind");
    return undefined;
  }
}

describe("Routes", () => {
  it("gives the same route for the same path, and refuses the same path again", () => {
    const routes = new Routes("/mirror/");
    const [first, again] = ["/mirror/v2/a/manifests/latest", "/mirror/v2/a/manifests/latest"].map(
      (path) => routes.parse(path),
    );
    expect(first).toEqual(manifest("a", "latest"));
    expect(again).toBe(first);
    expect(routes.parse("/mirror/v2/a/manifests/other")).toEqual(manifest("a", "other"));
    for (let round = 0; round < 2; round += 1) {
      expect(() => routes.parse("/v2/a/manifests/latest")).toThrow(RouteUnknown);
    }
  });
});
