import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rangesOf } from "../../storage-drivers/s3/copy-object.ts";
import {
  decodeState,
  encodeState,
  partSizeBytes,
  stagedInfo,
  type UploadState,
  withListedParts,
} from "../../storage-drivers/s3/upload-state.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const STATE: UploadState = {
  format: 1,
  version: "v",
  nonce: "n",
  modifiedAt: "2026-11-21T10:00:00.000Z",
  uploadId: "id",
  parts: [{ etag: '"1"', sizeBytes: 5 }],
  tail: [{ name: "tail-1", sizeBytes: 3 }],
  isAppending: true,
  isComplete: false,
};

describe("partSizeBytes()", () => {
  it("makes room in 10,000 parts for far more than an image layer", () => {
    let sumBytes = 0;
    for (let number = 1; number <= 10_000; number += 1) sumBytes += partSizeBytes(number, 10 * MIB);
    expect(sumBytes).toBeGreaterThan(650 * GIB);
  });

  it("stays at the configured size for the first forty gigabytes, and never shrinks", () => {
    expect(partSizeBytes(1, 10 * MIB)).toBe(10 * MIB);
    expect(partSizeBytes(5000, 10 * MIB)).toBe(10 * MIB);
    for (let number = 1; number < 10_000; number += 1) {
      expect(partSizeBytes(number + 1, MIB)).toBeGreaterThanOrEqual(partSizeBytes(number, MIB));
    }
  });
});

describe("withListedParts()", () => {
  it("counts parts that were sent and not noted down, in place of the tail", () => {
    const listed = [
      { etag: '"1"', sizeBytes: 5 },
      { etag: '"2"', sizeBytes: 7 },
    ];
    const found = withListedParts(STATE, listed);
    expect(stagedInfo(found).sizeBytes).toBe(12);
    expect(found.tail).toEqual([]);
    expect(found.version).not.toBe(STATE.version);
  });

  it("keeps the tail while no part is behind it", () => {
    const found = withListedParts(STATE, [{ etag: '"1"', sizeBytes: 5 }]);
    expect(found).toBe(STATE);
    expect(stagedInfo(found).sizeBytes).toBe(8);
  });

  it("trusts the record where the store shows another part: joining will fail, not mix them", () => {
    const listed = [
      { etag: '"other"', sizeBytes: 5 },
      { etag: '"2"', sizeBytes: 7 },
    ];
    expect(withListedParts(STATE, listed).parts[0]?.etag).toBe('"1"');
  });
});

describe("the record of a staged object", () => {
  it("reads back as it was written", () => {
    expect(decodeState(encodeState(STATE).toString(), "k")).toEqual(STATE);
  });

  it.each(["", "{", "null", "[]", '{"format":2}', JSON.stringify({ ...STATE, parts: [{}] })])(
    "that is damaged (%j) is StorageUnavailable",
    (damaged) => {
      expect(() => decodeState(damaged, "k")).toThrow(
        expect.objectContaining({ reason: "DamagedUploadState" }),
      );
    },
  );
});

describe("rangesOf()", () => {
  it("covers every byte once, in at most 10,000 parts that are large enough", () => {
    const sizes = fc.integer({ min: 1, max: 5 * 1024 * GIB });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 5 * MIB, max: 5 * GIB }), (sizeBytes, chunkBytes) => {
        const ranges = rangesOf(sizeBytes, chunkBytes);
        expect(ranges.length).toBeLessThanOrEqual(10_000);
        let at = 0;
        for (const range of ranges) {
          if (range.startBytes !== at || range.sizeBytes <= 0) throw new Error("a gap");
          at += range.sizeBytes;
        }
        expect(at).toBe(sizeBytes);
      }),
      { numRuns: 50 },
    );
  });
});
