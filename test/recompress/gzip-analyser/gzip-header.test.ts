import { crc32 } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { GzipHeaderReader } from "../../../src/recompress/gzip/gzip-header.ts";
import { BrokenStream, UnsupportedStream } from "../../../src/recompress/stream-errors.ts";
import { gzipHeader } from "./gzip-parts.ts";

const NAME = Buffer.from("layer.tar\0");
const COMMENT = Buffer.from("made by hand\0");
const EXTRA = Buffer.from([4, 0, 1, 2, 3, 0]);
const BODY = Buffer.from([3, 0, 0x1f, 0x8b]);

describe("GzipHeaderReader", () => {
  test.for<[string, Uint8Array]>([
    ["nothing more", gzipHeader(0)],
    ["the mark of a text", gzipHeader(1)],
    ["an extra field", gzipHeader(4, EXTRA)],
    ["an empty extra field", gzipHeader(4, Uint8Array.of(0, 0))],
    ["a name", gzipHeader(8, NAME)],
    ["a comment", gzipHeader(16, COMMENT)],
    ["a checksum", withChecksum(gzipHeader(2))],
    ["all there is", withChecksum(gzipHeader(31, EXTRA, NAME, COMMENT))],
    ["a name of 60 KiB", gzipHeader(8, new Uint8Array(60 * 1024).fill(65), Uint8Array.of(0))],
  ])("reads a header with %s, however it is cut", ([, header]) => {
    const bytes = Buffer.concat([header, BODY]);
    const least = header.length > 1000 ? 100 : 1;
    for (const step of [least, 3 * least, bytes.length]) {
      const reader = new GzipHeaderReader();
      let taken = 0;
      while (reader.state === "reading") taken += reader.write(bytes.subarray(taken, taken + step));
      expect(reader.state).toBe("done");
      expect(taken).toBe(header.length);
      expect(Buffer.compare(reader.bytes, header)).toBe(0);
    }
  });

  test.for<[string, Uint8Array]>([
    ["another method", gzipHeader(0).with(2, 7)],
    ["reserved flags", gzipHeader(32)],
    ["a wrong checksum", gzipHeader(2, Uint8Array.of(1, 2))],
  ])("refuses %s", ([, header]) => {
    expect(() => new GzipHeaderReader().write(header)).toThrow(BrokenStream);
  });

  it("refuses more than 64 KiB", () => {
    const reader = new GzipHeaderReader();
    reader.write(gzipHeader(8));
    const name = new Uint8Array(100).fill(65);
    const readOn = (): void => {
      for (let count = 0; count < 700; count++) reader.write(name);
    };
    expect(readOn).toThrow(UnsupportedStream);
    expect(reader.bytes.length).toBeLessThanOrEqual(64 * 1024 + 1);
  });

  test.for<[text: string, taken: string]>([
    ["P", "P"],
    ["PK", "PK"],
    ["\x1fP", "\x1fP"],
    ["\x1fPQRST", "\x1fP"],
  ])("gives back %j, which is no header", ([text, taken]) => {
    const bytes = Buffer.from(text, "latin1");
    for (const step of [1, bytes.length]) {
      const reader = new GzipHeaderReader();
      for (let at = 0; at < bytes.length && reader.state === "reading"; at += step) {
        reader.write(bytes.subarray(at, at + step));
      }
      expect(reader.state).toBe("other");
      expect(taken.startsWith(Buffer.from(reader.bytes).toString("latin1"))).toBe(true);
    }
  });

  it("waits for the second byte", () => {
    const reader = new GzipHeaderReader();
    expect(reader.write(Uint8Array.of(0x1f))).toBe(1);
    expect(reader.state).toBe("reading");
    expect(reader.bytes).toEqual(Uint8Array.of(0x1f));
  });
});

function withChecksum(header: Uint8Array): Uint8Array {
  const checksum = crc32(header) & 0xffff;
  return Buffer.concat([header, Uint8Array.of(checksum & 255, checksum >>> 8)]);
}
