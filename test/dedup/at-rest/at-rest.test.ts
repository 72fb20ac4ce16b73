import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { tarHeader, tarPadding } from "../../fixtures/tar-entry.ts";
import { measureAtRest } from "./measure.ts";

const FILES = 30;
const FILE_CHARACTERS = 20_000;
const FIRST_BUILT_SECONDS = 1_700_000_000;
/** One file in so many has another middle in each version. */
const CHANGED_EVERY = 3;
/** Of its own gzip, for a version that is not the first. */
const MOST_ADDED_SHARE = 0.12;

describe("versions at rest", () => {
  it("take less than their gzip, and each further one takes little more", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-versions-"));
    const files = [1, 2, 3].map((version) => join(folder.path, `${version}.gz`));
    for (const [index, file] of files.entries()) await writeFile(file, gzipSync(layer(index)));
    const versions = await measureAtRest(files, folder.path);
    expect(versions.map(({ became }) => became)).toEqual(["cold", "cold", "cold"]);
    let before = 0;
    // What the index has besides is pages that are nearly empty.
    const shares = versions.map(({ blobBytes, taken: { packBytes, recipeBytes } }) => {
      const share = (packBytes + recipeBytes - before) / blobBytes;
      before = packBytes + recipeBytes;
      return share;
    });
    expect(shares[0]).toBeLessThan(1);
    expect(shares[1]).toBeLessThan(MOST_ADDED_SHARE);
    expect(shares[2]).toBeLessThan(MOST_ADDED_SHARE);
  });
});

/** A tar archive of texts. All its times are its own. */
function layer(version: number): Buffer {
  const random = new SeededRandom(5);
  const parts: Uint8Array[] = [];
  for (let file = 0; file < FILES; file += 1) {
    const isChanged = file % CHANGED_EVERY === 0;
    const middle = isChanged ? `This is version ${version}. ` : "";
    const text = Buffer.from(`${prose(random)}${middle}${prose(random)}`);
    const sizeBytes = text.length;
    const modifiedSeconds = FIRST_BUILT_SECONDS + version;
    const entry = { path: `file-${file}`, type: "file", sizeBytes, mode: 0o644 } as const;
    parts.push(tarHeader({ ...entry, modifiedSeconds, records: {} }));
    parts.push(text, new Uint8Array(tarPadding(sizeBytes)));
  }
  return Buffer.concat([...parts, new Uint8Array(1024)]);
}

function prose(random: SeededRandom): string {
  let text = "";
  while (text.length < FILE_CHARACTERS / 2) text += `${random.lowBelow(40_000).toString(36)} `;
  return text;
}
