import { describe, expect, it } from "vitest";
import type { BlockHeader } from "../../../src/recompress/gzip/blocks/block-header.ts";
import { TokenSample, WHOLE_SAMPLE } from "../../../src/recompress/gzip/token-sample.ts";

const SIZES = { leastBytes: 100_000, enoughLessons: 10, mostBytes: 400_000 };
const PLAIN = new Uint8Array(1000);
const EMPTY: BlockHeader = { kind: "stored", isFinal: false, size: 0, padding: 0 };

describe("TokenSample", () => {
  it("goes on until it teaches enough, but not for ever", () => {
    const teaching = new TokenSample(SIZES);
    while (!teaching.isFull) teaching.stretch(PLAIN, matches(10, true));
    expect(teaching.plainBytes).toBe(100_000);
    const dull = new TokenSample(SIZES);
    while (!dull.isFull) dull.stretch(PLAIN, undefined);
    expect(dull.plainBytes).toBe(400_000);
    expect(dull.isTelling).toBe(false);
  });

  it("goes on for a while once it teaches", () => {
    const sample = new TokenSample(SIZES);
    for (let index = 0; index < 200; index++) sample.stretch(PLAIN, undefined);
    while (!sample.isFull) sample.stretch(PLAIN, matches(10, true));
    expect(sample.plainBytes).toBe(251_000);
    expect(sample.lessonsFrom).toBe(3 * 65_536);
  });

  it("learns nothing from the same match again and again", () => {
    const sample = new TokenSample(SIZES);
    while (!sample.isFull) sample.stretch(PLAIN, matches(10, false));
    expect(sample.plainBytes).toBe(400_000);
  });

  it("counts empty stored blocks that follow one another as one", () => {
    const sample = new TokenSample(SIZES);
    for (let block = 0; block < 20_000; block++) {
      sample.blockStart(EMPTY);
      sample.blockEnd();
    }
    expect(sample.isFull).toBe(false);
    let told = 0;
    sample.replay({
      blockStart: (header) => {
        expect(header).toEqual(EMPTY);
      },
      stretch: () => undefined,
      blockEnd: () => {
        told++;
      },
    });
    expect(told).toBe(20_000);
  });

  it("is full when there are very many blocks or long descriptions of codes", () => {
    const sample = new TokenSample(SIZES);
    while (!sample.isFull) {
      sample.blockStart({ kind: "fixed", isFinal: false });
      sample.blockEnd();
    }
    const wordy = new TokenSample(SIZES);
    let blocks = 0;
    for (; !wordy.isFull; blocks++) {
      wordy.blockStart(dynamic(300));
      wordy.blockEnd();
    }
    expect(blocks).toBeLessThan(2000);
  });

  it("tells a part from where a token begins", () => {
    const sample = new TokenSample(SIZES);
    const plain = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
    sample.stretch(plain, matches(10, true));
    sample.stretch(plain, Uint32Array.from(plain));
    const told: number[] = [];
    const taker = {
      take: (bytes: Uint8Array, tokens: Uint32Array | undefined): boolean => {
        told.push(bytes.length, tokens?.length ?? 0);
        return true;
      },
    };
    sample.replayStretches(taker, { from: 450, until: 1001 });
    expect(told).toEqual([500, 5, 1000, 1000]);
    told.length = 0;
    sample.replayStretches(taker, WHOLE_SAMPLE);
    expect(told).toEqual([1000, 10, 1000, 1000]);
  });
});

/** Matches of 100 bytes each. */
function matches(count: number, areUnlike: boolean): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => {
    const distance = areUnlike ? index + 1 : 1;
    return (100 << 16) | distance;
  });
}

function dynamic(numbers: number): BlockHeader {
  const tree = {
    litLenCount: 257,
    distanceCount: 1,
    codeLengthCount: 4,
    codeLengthLengths: new Uint8Array(19),
    sequence: Array.from({ length: numbers }, () => 1),
    lengths: new Uint8Array(258),
  };
  return { kind: "dynamic", isFinal: false, tree };
}
