import { describe, expect, it } from "vitest";
import { GoTreeBuilder } from "../../../src/recompress/gzip/huffman/go-tree.ts";
import { SymbolCounts } from "../../../src/recompress/gzip/huffman/symbol-counts.ts";
import { dynamicBlocks } from "./dynamic-blocks.ts";

const HEADER_BYTES = 10;

/** What Go 1.26.8 made of 970 bytes of text at level 6. */
const BY_GO = [
  "H4sIAAAAAAAA/9yRzY1cMQyD71MFK0gzSQMkJdny+5mH7F62+8BTRnwyDJn8RCpdRUJ6BWJwINfkUSKi0fA7AFJwKewq",
  "TOA1CSBbSBEvvk2dYLENxEssyh9VwJGjshBuCZl0sooV073ICUXJcsknc0mP6EkZAXogxNQD6hmPqVu2DRJ4GdDCSFks",
  "gRsNyUWNNMpCXFaCNx6wQCkdJ/cBGJJHWWK2Sdfld9nRnqGctAHjUhAD91jJIvfv7f4xyzfPaB6gEqLq2HBmwAfnMSMG",
  "yAMRTamkCbVREsO0Tr6iAshoeCGknthCbECQ187QH5ZQwUmNjQ6fh+Z4dGAmwz2To4hB0F05QmQfuSzvRU/beRoUeTXp",
  "haNoZUoX34CzBqYQ1TxHZCgZIxLgvQeZECZR6OUHiCNIijHTQ3GYaDtL1LWDpXfIwc1GmxCDZbJ1BSShzIn6dMEBId4A",
  "tUsC7QmuhYStK8SudrAZx6QwgMCy/8zEX/aNvvH72Zevb/584WLf589+/Z6J52Tfv/DfD/8LAAD//yuWi73KAwAA",
].join("");

/** What klauspost/compress 1.18.0 made of 131,070 bytes with a period at level 5. */
const BY_KLAUSPOST = [
  "H4sIAAAJbogA/+zdOREAMAACMK39/FuogC5sZcgBBrgIGFOasvbRsO979nPghnDZZZdddtlll1122WWXXXbZZZdddtll",
  "l1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZ",
  "ZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll112",
  "2WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdd",
  "dtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWXXXbZZZdddtlll1122WWX",
  "XXbZZZdddtlll112e+1edunYBgAYhAHYre3/R3QoGwsbIFlJHois0XNlUrj8Lis/5Pesc+yyyy677LLLLrvssssuu+yy",
  "yy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvs",
  "sssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy67",
  "7LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssu",
  "u+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLLLrvssssuu+yyyy677LLL",
  "Lrvssssuu+yyyy677LLLLrt77b4BAMaGg4b+/wEA",
].join("");

function foreseen(stream: string, options: { isTrimmed: boolean }): boolean[] {
  const builder = new GoTreeBuilder(options);
  const bytes = Buffer.from(stream, "base64").subarray(HEADER_BYTES);
  return dynamicBlocks(bytes).map(({ tree, tokens }) => {
    const counts = new SymbolCounts();
    counts.add(tokens, 0, tokens.length);
    const built = builder.build(counts);
    const isLong = built.litLenCount === 286 && built.distanceCount === 30;
    expect(isLong).toBe(!options.isTrimmed);
    return (
      String(built.sequence) === String(tree.sequence) &&
      built.codeLengthCount === tree.codeLengthCount &&
      Buffer.from(built.codeLengthLengths).equals(tree.codeLengthLengths) &&
      Buffer.from(built.lengths).equals(tree.lengths)
    );
  });
}

describe("GoTreeBuilder", () => {
  it("makes the description that Go wrote", () => {
    expect(foreseen(BY_GO, { isTrimmed: true })).toEqual([true]);
  });

  it("makes the untrimmed description that klauspost's encoder wrote of an open block", () => {
    expect(foreseen(BY_KLAUSPOST, { isTrimmed: false })).toContain(true);
    expect(foreseen(BY_GO, { isTrimmed: false })).toEqual([false]);
  });

  it("tells of one distance code when there are no matches", () => {
    const counts = new SymbolCounts();
    counts.add(Uint32Array.of(97, 98, 98), 0, 3);
    const tree = new GoTreeBuilder({ isTrimmed: true }).build(counts);
    expect(tree.litLenCount).toBe(257);
    expect([...tree.lengths.subarray(257)]).toEqual([1]);
  });

  it("tells runs in lots, from the lengths of literals on into those of distances", () => {
    const counts = new SymbolCounts();
    // 16 literals and 16 distances, each as likely as the next: 4 bits each but for the end of the block.
    counts.litLen.fill(1000, 0, 15);
    counts.distance.fill(1000, 0, 16);
    const tree = new GoTreeBuilder({ isTrimmed: true }).build(counts);
    expect(tree.sequence.map((entry) => [entry & 255, entry >> 8])).toEqual([
      [4, 0],
      [16, 6],
      [16, 6],
      [4, 0],
      [4, 0],
      [18, 138],
      [18, 103],
      [4, 0],
      [16, 6],
      [16, 6],
      [16, 4],
    ]);
  });
});
