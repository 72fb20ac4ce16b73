import { expect, it } from "vitest";
import { beginsAsImages } from "../../src/layouts/compressed-images.ts";
import { tarHeader } from "../fixtures/tar-entry.ts";

const HEX = "0123456789abcdef".repeat(4);

it.each([
  ["blobs/", true],
  ["./blobs/sha256/", true],
  ["oci-layout", true],
  ["index.json", true],
  ["manifest.json", true],
  ["repositories", true],
  [`${HEX}.tar`, true],
  [`${HEX}/`, true],
  [`${HEX}/layer.tar`, true],
  [`sha256:${HEX}`, true],
  ["etc/", false],
  ["srv/blobs/", false],
  ["index.json.bak", false],
  ["0123.tar", false],
])("beginsAsImages() of a tar whose first file is %s is %s", (path, isImages) => {
  const header = headerOf(path);
  expect(beginsAsImages(header)).toBe(isImages);
  expect(beginsAsImages(header.subarray(0, 511))).toBe(false);
});

it("beginsAsImages() of what is no tar is false", () => {
  expect(beginsAsImages(new Uint8Array(512))).toBe(false);
  expect(beginsAsImages(new Uint8Array(512).fill(0x62))).toBe(false);
});

function headerOf(path: string): Uint8Array {
  const entry = { path, type: "file", sizeBytes: 0, mode: 0o644, modifiedSeconds: 0 } as const;
  return tarHeader({ ...entry, records: {} });
}
