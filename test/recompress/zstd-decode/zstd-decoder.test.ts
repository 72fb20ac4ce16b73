import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ZstdDecoder } from "../../../src/recompress/zstd/decode/zstd-decoder.ts";
import type { PlainWindow } from "../../../src/recompress/plain-window.ts";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { handFrame, skippableFrame } from "./frame-bytes.ts";
import { plainSamples } from "./plain-samples.ts";
import { cutAnywhere, tellStream } from "./told-stream.ts";

function compress(plain: Uint8Array, level: number, options: Record<number, number> = {}): Buffer {
  return zstdCompressSync(plain, {
    params: { [constants.ZSTD_c_compressionLevel]: level, ...options },
  });
}

describe("ZstdDecoder", () => {
  describe.each(plainSamples(3, 200_000))("on %s", (_, plain) => {
    test.each([-5, 1, 3, 5, 9, 15, 19])("gives what libzstd took, level %i", (level) => {
      expect(tellStream([compress(plain, level)]).plain.equals(plain)).toBe(true);
    });

    test("gives what libzstd took, whatever the size", () => {
      const random = new SeededRandom(8);
      for (let round = 0; round < 20; round++) {
        const part = plain.subarray(0, random.lowBelow(8000));
        expect(tellStream([compress(part, random.between(1, 19))]).plain.equals(part)).toBe(true);
      }
    });

    test("tells the same however the stream is cut", () => {
      const random = new SeededRandom(9);
      const first = compress(plain, 3, { [constants.ZSTD_c_checksumFlag]: 1 });
      const stream = Buffer.concat([
        first,
        skippableFrame(plain.subarray(0, 1000), 5),
        compress(plain.subarray(0, 5000), 1),
        skippableFrame(Buffer.alloc(0)),
      ]);
      const whole = tellStream([stream]);
      for (const most of [1, 7, 1000, 100_000]) {
        const cut = tellStream(cutAnywhere(stream, random, most));
        expect(cut.events).toEqual(whole.events);
        expect(cut.plain.equals(whole.plain)).toBe(true);
      }
    });
  });

  test("hands on skippable frames with their headers, as they come", () => {
    const seen: (readonly [string, boolean])[] = [];
    const ignore = (): void => undefined;
    const decoder = new ZstdDecoder({
      frame: ignore,
      block: ignore,
      frameEnd: ignore,
      skippable: (bytes, isLast) => seen.push([Buffer.from(bytes).toString("latin1"), isLast]),
    });
    const stream = skippableFrame(Buffer.from("abcdef"), 15);
    decoder.write(stream.subarray(0, 10));
    decoder.write(stream.subarray(10));
    decoder.end();
    expect(seen).toEqual([
      [stream.subarray(0, 8).toString("latin1"), false],
      ["ab", false],
      ["cdef", true],
    ]);
  });

  test("tells blocks of every type, and where their bytes are", () => {
    const stream = handFrame({
      blocks: [
        { type: 0, bytes: [1, 2, 3] },
        { type: 1, size: 100_000, bytes: [7] },
        { type: 0, bytes: [] },
      ],
    });
    const told = tellStream([stream]);
    expect(told.events).toEqual([
      "frame 1048576 undefined false",
      "raw false 3 undefined undefined undefined 0 0 0",
      "rle false 100000 undefined undefined undefined 0 0 0",
      "raw true 0 undefined undefined undefined 0 0 0",
      "end undefined",
    ]);
    expect(
      told.plain.equals(Buffer.concat([Buffer.from([1, 2, 3]), Buffer.alloc(100_000, 7)])),
    ).toBe(true);
  });

  test("slides its window, tells by how much, and goes on right", () => {
    const plain = Buffer.from(plainLayer({ seed: 4, sizeBytes: 3_000_000 }));
    const stream = compress(plain, 3, { [constants.ZSTD_c_windowLog]: 18 });
    let slid = 0;
    const keptBytes = 300_000;
    const two = [compress(plain.subarray(0, 900_000), 1), stream];
    const told = tellStream(two, { keptBytes, onSlide: (by) => (slid += by) });
    expect(told.plain.equals(Buffer.concat([plain.subarray(0, 900_000), plain]))).toBe(true);
    expect(slid).toBeGreaterThan(1_500_000);
  });

  test("keeps as much of the plain bytes as it is told to when it slides", () => {
    const plain = Buffer.from(plainLayer({ seed: 4, sizeBytes: 4_000_000 }));
    const keptBytes = 1_000_000;
    const ends: number[] = [];
    const ignore = (): void => undefined;
    const handler = { frame: ignore, block: ignore, frameEnd: ignore, skippable: ignore };
    const onSlide = (): void => {
      const { end, slid, bytes } = decoder.window;
      ends.push(end);
      expect(plain.subarray(slid, slid + end).equals(bytes.subarray(0, end))).toBe(true);
    };
    const decoder = new ZstdDecoder(handler, { keptBytes, onSlide });
    decoder.write(compress(plain, 1, { [constants.ZSTD_c_windowLog]: 17 }));
    expect(new Set(ends)).toEqual(new Set([keptBytes]));
  });

  test("takes a larger window before it tells of the frame that needs one", () => {
    const small = compress(Buffer.alloc(5000, "ab"), 3);
    const large = handFrame({ header: [11 << 3], blocks: [{ type: 0, bytes: [1, 2, 3] }] });
    const windows: PlainWindow[] = [];
    const ignore = (): void => undefined;
    const decoder = new ZstdDecoder(
      {
        frame: () => windows.push(decoder.window),
        block: ignore,
        frameEnd: ignore,
        skippable: ignore,
      },
      { keptBytes: 4096 },
    );
    decoder.write(Buffer.concat([small, small, large]));
    expect(windows[0]).toBe(windows[1]);
    expect(windows[2]).not.toBe(windows[1]);
    expect(windows[2]?.capacity).toBeGreaterThan(2 * 1024 * 1024);
    expect(windows[2]?.slid).toBe(10_000);
  });
});
