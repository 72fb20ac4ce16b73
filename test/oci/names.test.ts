/** Digests, repository names, tags, references and media types: what the grammars take and what they refuse. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  algorithmOf,
  Digester,
  digestOf,
  encodedOf,
  isDigest,
  isDigestAlgorithm,
  parseDigest,
} from "../../src/oci/digest.ts";
import {
  essenceOf,
  isDockerType,
  isMediaType,
  isNonDistributable,
  manifestKindOf,
} from "../../src/oci/media-type.ts";
import { formatReference, isTag, parseReference, parseTag } from "../../src/oci/reference.ts";
import {
  isNameComponent,
  isRepositoryName,
  parseRepositoryName,
} from "../../src/oci/repository-name.ts";
import { titled } from "../fixtures/titled.ts";

const HEX = "0123456789abcdef".repeat(4);
const kind = (name: string): unknown => expect.objectContaining({ kind: name }) as unknown;

describe("digests", () => {
  it.each(titled([`sha256:${HEX}`, `sha512:${HEX}${HEX}`]))("%s is one", (_title, text) => {
    expect(parseDigest(text)).toBe(text);
  });

  it.each(
    titled([
      "",
      ":",
      HEX,
      `sha256:${HEX.slice(1)}`,
      `sha256:${HEX}0`,
      `sha256:${HEX.toUpperCase()}`,
      `SHA256:${HEX}`,
      `sha512:${HEX}`,
      `sha256:${HEX}${HEX}`,
      `sha384:${HEX}${HEX.slice(32)}`,
      `blake3:${HEX}`,
      `md5:${HEX.slice(32)}`,
      `sha256+b64:${HEX}`,
      "sha256:../../../../etc/passwd",
      ` sha256:${HEX}`,
      `sha256:${HEX}\n`,
      `sha256:${HEX.slice(1)}\n`,
      `sha256: ${HEX.slice(1)}`,
      `sha256:${"٣".repeat(64)}`,
      `sha256:${HEX.slice(1)}g`,
      `sha256:${"0".repeat(1_000_000)}`,
    ]),
  )("%s is none", (_title, text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(kind("InvalidDigest"));
  });

  it("are told with at most 200 characters of what was refused", () => {
    expect(() => parseDigest("x".repeat(100_000))).toThrow(/^.{1,300}$/);
  });

  it("fall into algorithm and hex", () => {
    expect(algorithmOf(parseDigest(`sha256:${HEX}`))).toBe("sha256");
    expect(algorithmOf(parseDigest(`sha512:${HEX}${HEX}`))).toBe("sha512");
    expect(encodedOf(parseDigest(`sha256:${HEX}`))).toBe(HEX);
    expect(
      ["sha256", "sha512", "sha384", "toString"].map((word) => isDigestAlgorithm(word)),
    ).toEqual([true, true, false, false]);
  });

  it("are those of node:crypto, in one piece or in many", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, fc.constantFrom("sha256", "sha512"), (chunks, algorithm) => {
        const expected = createHash(algorithm).update(Buffer.concat(chunks)).digest("hex");
        const digester = new Digester(algorithm);
        for (const chunk of chunks) digester.update(chunk);
        expect(digester.digest()).toBe(`${algorithm}:${expected}`);
        expect(digestOf(Buffer.concat(chunks), algorithm)).toBe(`${algorithm}:${expected}`);
      }),
    );
  });
});

describe("repository names", () => {
  it.each([
    "a",
    "0",
    "a/b",
    "a.b",
    "a_b",
    "a__b",
    "a-b",
    "a---b",
    "1/2/3/4",
    "library/alpine",
    "blobs",
    "con",
  ])("%s is one", (text) => {
    expect(parseRepositoryName(text)).toBe(text);
  });

  it.each([
    "",
    "/",
    "a/",
    "/a",
    "a//b",
    "A",
    "a/B",
    ".",
    "..",
    "a/../b",
    ".a",
    "a.",
    "a..b",
    "_a",
    "a_",
    "a___b",
    "a._b",
    "a-_b",
    "-a",
    "a-",
    "a b",
    "a:5000/b",
    "a\n",
    "a\0",
    "ä",
    "a\\b",
    "a%2fb",
    "_uploads",
    "a/_manifests",
  ])("%j is none", (text) => {
    expect(isRepositoryName(text)).toBe(false);
    expect(() => parseRepositoryName(text)).toThrow(kind("InvalidName"));
  });

  it("have at most 255 characters", () => {
    expect(isRepositoryName("a".repeat(255))).toBe(true);
    expect(isRepositoryName("a".repeat(256))).toBe(false);
    expect(isRepositoryName(`${"a/".repeat(127)}a`)).toBe(true);
    expect(isRepositoryName(`${"a/".repeat(128)}a`)).toBe(false);
  });

  it("are judged in time that grows with their length, whatever stands in them", () => {
    for (const text of [
      "a".repeat(255),
      "a-".repeat(127),
      `${"-".repeat(253)}a`,
      "a_".repeat(100),
    ]) {
      expect(isRepositoryName(`${text.slice(0, 254)}!`)).toBe(false);
    }
    expect(isRepositoryName("a-".repeat(10_000_000))).toBe(false);
  });

  it("are made of components, each of which may name a folder", () => {
    const name = fc.string({ unit: fc.constantFrom(..."a0._-/A".split("")), maxLength: 12 });
    fc.assert(
      fc.property(name, (text) => {
        expect(isRepositoryName(text)).toBe(text.split("/").every((part) => isNameComponent(part)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("tags and references", () => {
  it.each(titled(["a", "latest", "1.0", "v1.0-rc_1", "_", "__x", "A-B", "a".repeat(128), "0"]))(
    "%s is a tag",
    (_title, text) => {
      expect(parseTag(text)).toBe(text);
      expect(parseReference(text)).toEqual({ kind: "tag", tag: text });
      expect(formatReference(parseReference(text))).toBe(text);
    },
  );

  it.each(
    titled([
      "",
      ".",
      "..",
      "-",
      "-x",
      ".x",
      "a/b",
      "a b",
      "a+b",
      "ä",
      "a\n",
      "a\0",
      "a".repeat(129),
      "a\\",
      "a%41",
    ]),
  )("%s is no tag", (_title, text) => {
    expect(isTag(text)).toBe(false);
    expect(() => parseReference(text)).toThrow(kind("InvalidTag"));
  });

  it("take whatever has a colon for a digest", () => {
    const digest = `sha256:${HEX}`;
    expect(parseReference(digest)).toEqual({ kind: "digest", digest });
    expect(formatReference(parseReference(digest))).toBe(digest);
    for (const text of ["a:b", ":", "sha256:bad", `md5:${HEX}`, "latest:"]) {
      expect(() => parseReference(text)).toThrow(kind("InvalidDigest"));
    }
  });
});

describe("media types", () => {
  it.each(["a/b", "application/vnd.oci.image.manifest.v1+json", "a/b.c-d+e!#$&^_", "A/B"])(
    "%s is one",
    (text) => {
      expect(isMediaType(text)).toBe(true);
    },
  );

  it.each(
    titled([
      "",
      "a",
      "a/",
      "/b",
      "a/b/c",
      "a/b;c=d",
      "a/b\r\nX: y",
      "a/b ",
      "a /b",
      "*/*",
      `a/${"b".repeat(128)}`,
    ]),
  )("%s is no media type", (_title, text) => {
    expect(isMediaType(text)).toBe(false);
  });

  it("are compared without parameters and in lower case", () => {
    expect(essenceOf(" Application/JSON ; charset=utf-8")).toBe("application/json");
    expect(essenceOf("")).toBe("");
  });

  it("tell images from indexes and from all else", () => {
    expect(manifestKindOf("application/vnd.oci.image.manifest.v1+json")).toBe("image");
    expect(manifestKindOf("application/vnd.docker.distribution.manifest.v2+json")).toBe("image");
    expect(manifestKindOf("application/vnd.oci.image.index.v1+json")).toBe("index");
    expect(manifestKindOf("application/vnd.docker.distribution.manifest.list.v2+json")).toBe(
      "index",
    );
    expect(manifestKindOf("application/vnd.docker.distribution.manifest.v1+json")).toBeUndefined();
    expect(manifestKindOf("toString")).toBeUndefined();
  });

  it("know Docker's own and those that need not be held", () => {
    expect(isDockerType("application/vnd.docker.distribution.manifest.v2+json")).toBe(true);
    expect(isDockerType("application/vnd.oci.image.index.v1+json")).toBe(false);
    expect(isNonDistributable("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd")).toBe(
      true,
    );
    expect(isNonDistributable("application/vnd.oci.image.layer.v1.tar+gzip")).toBe(false);
  });
});
