import { expect, it } from "vitest";
import { beginsAsImages } from "../../src/layouts/compressed-images.ts";
import { tarHeader } from "../fixtures/tar-entry.ts";

const HEX = "0123456789abcdef".repeat(4);
const INDEX = `{"schemaVersion":2,"manifests":[]}`;
const LIST = `[{"Config":"${HEX}.json","RepoTags":["app:1"],"Layers":[]}]`;

it.each([
  [["./", "./blobs/", "./blobs/sha256/"], true],
  [["./", "./oci-layout"], true],
  [["blobs/", "blobs/sha256/"], true],
  [["./blobs/sha256/"], true],
  [[`blobs/sha256/${HEX}`], true],
  [["oci-layout"], true],
  [[`${HEX}.tar`], true],
  [[`${HEX}/`], true],
  [[`${HEX}/layer.tar`], true],
  [[`sha256:${HEX}`], true],
  [["./"], false],
  [["./", "./etc/"], false],
  [["blobs/"], false],
  [["blobs/", "blobs/cat.jpg"], false],
  [["etc/"], false],
  [["srv/blobs/"], false],
  [["0123.tar"], false],
])("beginsAsImages() of a tar that begins with %j is %s", (paths, isImages) => {
  const tar = Buffer.concat(paths.map((path) => headerOf(path)));
  expect(beginsAsImages(tar)).toBe(isImages);
});

it.each([
  ["index.json", INDEX, true],
  ["./index.json", INDEX, true],
  ["manifest.json", LIST, true],
  ["repositories", `{"app":{"1":"${HEX}"}}`, true],
  ["index.json", `{"name":"shop"}`, false],
  ["manifest.json", `{"short_name":"shop","icons":[]}`, false],
  ["repositories", "none", false],
  ["index.json.bak", INDEX, false],
])("beginsAsImages() of a tar whose first file is %s with %s is %s", (path, body, isImages) => {
  expect(beginsAsImages(Buffer.concat([headerOf(path, body.length), Buffer.from(body)]))).toBe(
    isImages,
  );
});

it("beginsAsImages() of what is no tar, or no whole header, is false", () => {
  expect(beginsAsImages(headerOf("oci-layout").subarray(0, 511))).toBe(false);
  expect(beginsAsImages(new Uint8Array(512))).toBe(false);
  expect(beginsAsImages(new Uint8Array(512).fill(0x62))).toBe(false);
});

function headerOf(path: string, sizeBytes = 0): Uint8Array {
  const type = path.endsWith("/") ? "directory" : "file";
  return tarHeader({ path, type, sizeBytes, mode: 0o644, modifiedSeconds: 0, records: {} });
}
