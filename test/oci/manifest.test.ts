import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDescriptor } from "../../src/oci/descriptor.ts";
import { MAX_DESCRIPTORS, MAX_MANIFEST_BYTES, parseManifest } from "../../src/oci/manifest.ts";
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { titled } from "../fixtures/titled.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const LAYER = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: DIGEST, size: 10 };
const IMAGE = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: LAYER, layers: [LAYER] };
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [LAYER] };

const parse = (document: unknown, contentType?: string): ReturnType<typeof parseManifest> =>
  parseManifest(
    Buffer.from(typeof document === "string" ? document : JSON.stringify(document)),
    contentType,
  );
const invalid = (part: RegExp): unknown =>
  expect.objectContaining({
    kind: "ManifestInvalid",
    message: expect.stringMatching(part) as unknown,
  }) as unknown;

describe("parseManifest()", () => {
  it("reads an image", () => {
    const annotations = { a: "b" };
    const document = { ...IMAGE, subject: LAYER, artifactType: "x/y", annotations };
    expect(parse(document, OCI_MANIFEST)).toMatchObject({
      mediaType: OCI_MANIFEST,
      kind: "image",
      config: { digest: DIGEST, sizeBytes: 10 },
      layers: [{ digest: DIGEST }],
      manifests: [],
      subject: { digest: DIGEST },
      artifactType: "x/y",
      annotations,
    });
  });

  it("reads an index", () => {
    const platform = { architecture: "arm64", os: "linux", variant: "v8" };
    const document = {
      ...INDEX,
      manifests: [
        { ...LAYER, platform },
        { ...LAYER, platform: {} },
      ],
    };
    const { kind, config, manifests } = parse(document, OCI_INDEX);
    expect([kind, config]).toEqual(["index", undefined]);
    expect(manifests.map((child) => child.platform)).toEqual([
      expect.objectContaining({ architecture: "arm64", os: "linux" }),
      undefined,
    ]);
  });

  it.each([
    [{ ...IMAGE, mediaType: undefined }, undefined, OCI_MANIFEST],
    [{ ...INDEX, mediaType: undefined }, undefined, OCI_INDEX],
    [{ ...IMAGE, mediaType: undefined }, OCI_MANIFEST, OCI_MANIFEST],
    [{ ...INDEX, mediaType: "" }, OCI_INDEX, OCI_INDEX],
    [IMAGE, `${OCI_MANIFEST}; charset=utf-8`, OCI_MANIFEST],
    [IMAGE, OCI_MANIFEST.toUpperCase(), OCI_MANIFEST],
    [{ ...IMAGE, mediaType: DOCKER_MANIFEST }, DOCKER_MANIFEST, DOCKER_MANIFEST],
    [{ ...INDEX, mediaType: DOCKER_LIST }, DOCKER_LIST, DOCKER_LIST],
    [IMAGE, "", OCI_MANIFEST],
  ])("serves %j pushed as %s", (document, contentType, mediaType) => {
    expect(parse(document, contentType).mediaType).toBe(mediaType);
  });

  it.each(
    titled<readonly [unknown, RegExp]>([
      ["", /not well-formed/],
      ["null", /not a JSON object/],
      ["[]", /not a JSON object/],
      ['"text"', /not a JSON object/],
      ["{}", /schemaVersion/],
      [{ ...IMAGE, schemaVersion: 1 }, /schemaVersion/],
      [{ ...IMAGE, schemaVersion: "2" }, /schemaVersion/],
      [{ ...IMAGE, mediaType: 7 }, /mediaType is not a string/],
      [{ ...IMAGE, mediaType: "text/html" }, /not the type of a manifest/],
      [{ ...IMAGE, mediaType: "application/json\r\nX: y" }, /not the type of a manifest/],
      [{ ...IMAGE, config: undefined }, /config is missing/],
      [{ ...IMAGE, layers: {} }, /layers is not a list/],
      [{ ...IMAGE, layers: [null] }, /layers\[0\] is not an object/],
      [{ ...IMAGE, layers: [LAYER, { ...LAYER, digest: "x" }] }, /layers\[1\]\.digest/],
      [{ ...IMAGE, annotations: [] }, /annotations is not an object/],
      [{ ...IMAGE, annotations: { a: 1 } }, /annotation a is not a string/],
      [{ ...IMAGE, artifactType: 1 }, /artifactType/],
      [{ ...IMAGE, subject: "x" }, /subject is not an object/],
      [`{"schemaVersion":2,"schemaVersion":2}`, /is there twice/],
      [`{"schemaVersion":2,"config":{"size":1,"\\u0073ize":2}}`, /is there twice/],
      [`{"schemaVersion":2,"x":${"[".repeat(64)}${"]".repeat(64)}}`, /nested more than 64/],
      [`{"x":[${"{},".repeat(250_000)}{}]}`, /more than 250000 values/],
    ]),
  )("refuses %s", (_title, [document, message]) => {
    expect(() => parse(document)).toThrow(invalid(message));
  });

  it("refuses bytes that are not UTF-8, and a byte order mark", () => {
    const text = JSON.stringify({ ...IMAGE, artifactType: "a/ä" });
    expect(() => parseManifest(Buffer.from(text, "latin1"))).toThrow(invalid(/not UTF-8/));
    expect(() => parseManifest(Buffer.from(`\uFEFF${JSON.stringify(IMAGE)}`))).toThrow(
      invalid(/well-formed/),
    );
  });

  it("has a limit of size and of entries", () => {
    const padded = (lengthBytes: number): string => JSON.stringify(IMAGE).padEnd(lengthBytes, " ");
    expect(parse(padded(MAX_MANIFEST_BYTES)).kind).toBe("image");
    expect(() => parse(padded(MAX_MANIFEST_BYTES + 1))).toThrow(invalid(/larger than 4194304/));
    const many = (count: number): unknown => ({ ...INDEX, manifests: Array(count).fill(LAYER) });
    expect(parse(many(MAX_DESCRIPTORS)).manifests).toHaveLength(MAX_DESCRIPTORS);
    expect(() => parse(many(MAX_DESCRIPTORS + 1))).toThrow(invalid(/more than 10000/));
  });

  it.each(
    titled<readonly [unknown, string | undefined]>([
      [{ ...IMAGE, manifests: [] }, undefined],
      [{ ...INDEX, layers: [] }, undefined],
      [{ ...INDEX, config: LAYER }, undefined],
      [{ ...IMAGE, mediaType: undefined, manifests: [] }, undefined],
      [{ ...IMAGE, fsLayers: [] }, undefined],
      [{ ...IMAGE, history: [] }, undefined],
      [{ ...IMAGE, mediaType: undefined, manifests: [LAYER] }, OCI_MANIFEST],
      [INDEX, OCI_MANIFEST],
      [IMAGE, OCI_INDEX],
      [IMAGE, DOCKER_MANIFEST],
      [{ ...IMAGE, mediaType: undefined }, DOCKER_MANIFEST],
      [IMAGE, "application/json"],
      [IMAGE, "text/html"],
    ]),
  )("refuses what could be two things: %s", (_title, [document, contentType]) => {
    expect(() => parse(document, contentType)).toThrow(invalid(/./));
  });

  it("takes null for absent, as Go programs write it", () => {
    const nulls = { layers: null, manifests: null, subject: null, annotations: null };
    const { layers, subject, annotations } = parse({ ...IMAGE, ...nulls });
    expect([layers, subject, annotations]).toEqual([[], undefined, undefined]);
  });

  it("does not let __proto__ stand in for a member", () => {
    const text = JSON.stringify(IMAGE).replace('"config"', '"__proto__"');
    expect(() => parse(text)).toThrow(invalid(/config is missing/));
    const annotated = JSON.stringify({ ...IMAGE, annotations: { x: "y" } }).replace(
      '"x"',
      '"__proto__"',
    );
    const { annotations = {} } = parse(annotated);
    expect(Object.entries(annotations)).toEqual([["__proto__", "y"]]);
    expect(Object.getPrototypeOf(annotations)).toBe(Object.prototype);
  });

  it("throws nothing but ManifestInvalid, whatever the bytes", () => {
    const members = fc.dictionary(
      fc.constantFrom(
        "schemaVersion",
        "mediaType",
        "config",
        "layers",
        "manifests",
        "subject",
        "annotations",
      ),
      fc.oneof(fc.constant(2), fc.constant(OCI_MANIFEST), fc.constant(LAYER), fc.jsonValue()),
    );
    const bytes = fc.oneof(
      fc.uint8Array(),
      members.map((value) => Buffer.from(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(bytes, (document) => {
        try {
          parseManifest(document);
        } catch (error) {
          expect(error).toHaveProperty("kind", "ManifestInvalid");
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("parseDescriptor()", () => {
  it.each([0, 1, Number.MAX_SAFE_INTEGER])("takes the size %d", (size) => {
    expect(parseDescriptor({ ...LAYER, size }, "x").sizeBytes).toBe(size);
  });

  it.each(["-1", "1.5", "1e400", "9007199254740993", '"10"', "null", "true", "[]"])(
    "refuses the size %s",
    (size) => {
      const value: unknown = JSON.parse(
        JSON.stringify(LAYER).replace('"size":10', `"size":${size}`),
      );
      expect(() => parseDescriptor(value, "x")).toThrow(
        expect.objectContaining({ kind: "DescriptorInvalid" }),
      );
    },
  );

  it.each([
    [{ ...LAYER, size: undefined }],
    [{ ...LAYER, digest: undefined }],
    [{ ...LAYER, digest: DIGEST.toUpperCase() }],
    [{ ...LAYER, digest: "md5:0123" }],
    [{ ...LAYER, urls: "http://x" }],
    [{ ...LAYER, urls: [1] }],
    [{ ...LAYER, artifactType: {} }],
    [null],
    ["text"],
    [[LAYER]],
  ])("refuses %j", (value) => {
    expect(() => parseDescriptor(value, "layers[3]")).toThrow(/^layers\[3\]/);
  });

  it("keeps what it reads and leaves the rest", () => {
    const urls = ["https://a.example/x"];
    const { mediaType, ...rest } = parseDescriptor(
      { ...LAYER, urls, data: "aGk=", extra: {} },
      "x",
    );
    expect(mediaType).toBe(LAYER.mediaType);
    expect(rest).toEqual({
      digest: DIGEST,
      sizeBytes: 10,
      urls,
      platform: undefined,
      artifactType: undefined,
    });
  });
});
