import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ColumnReader } from "../../../src/recompress/columns.ts";
import { BitWriter } from "../../../src/recompress/gzip/bit-writer.ts";
import type { BlockPlan, TreeSpan } from "../../../src/recompress/gzip/blocks/block-plan.ts";
import { BlockRebuilder } from "../../../src/recompress/gzip/blocks/block-rebuilder.ts";
import { PlainQueue } from "../../../src/recompress/gzip/blocks/plain-queue.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import { GoTreeBuilder } from "../../../src/recompress/gzip/huffman/go-tree.ts";
import { SymbolCounts } from "../../../src/recompress/gzip/huffman/symbol-counts.ts";
import type { TokenModel } from "../../../src/recompress/gzip/token-model.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";
import { NotedTokenModel } from "../../fakes/noted-token-model.ts";
import { SeededRandom } from "../../fixtures/seeded-random.ts";
import { dynamicBlocks } from "../gzip-huffman/dynamic-blocks.ts";

const SIZE = 200_000;
const PLAIN = plainOf(SIZE);

/** Every byte is in the first segment, so that codes made from it have all that is needed. */
function plainOf(size: number): Uint8Array {
  const random = new SeededRandom(4);
  return Uint8Array.from({ length: size }, (_, index) =>
    index < 65_535 ? (index < 256 ? index : random.lowBelow(256)) : 255 - random.lowBelow(256),
  );
}

/** Writes the plain bytes as one block of literals. */
function block(plan: BlockPlan, sizeUnit: TokenModel["sizeUnit"] = "bytes"): Buffer {
  const parts: Uint8Array[] = [];
  const writer = new BitWriter((bytes) => parts.push(bytes), { mostBytes: 1e9 });
  const queue = new PlainQueue();
  const blocks = new BlockRebuilder(writer, queue);
  const model = new NotedTokenModel({ sizeUnit, treeRules: [] });
  const producer = model.producer(new ColumnReader(new Uint8Array(SIZE)));
  blocks.start(plan, { producer, sizeUnit, framing: NO_FRAMING, base: 0, endByte: SIZE });
  for (let at = 0; at < SIZE; at += 10_000) {
    const piece = PLAIN.subarray(at, at + 10_000);
    producer.take(piece);
    queue.append(piece);
    if (at + 10_000 === SIZE) producer.end();
    expect(blocks.advance()).toBe(at + 10_000 === SIZE);
  }
  writer.flush();
  return Buffer.concat(parts);
}

function made(span: TreeSpan): BlockPlan {
  const codes = { kind: "made", rule: "go", span } as const;
  return { kind: "dynamic", isFinal: true, end: { kind: "member" }, codes };
}

function sequenceOf(plain: Uint8Array): string {
  const counts = new SymbolCounts();
  counts.add(Uint32Array.from(plain), 0, plain.length);
  return String(new GoTreeBuilder({ isTrimmed: true }).build(counts).sequence);
}

describe("BlockRebuilder", () => {
  it("makes codes from all tokens, or from the first segment's alone", () => {
    const spans = [
      { stream: block(made("block")), bytes: SIZE },
      { stream: block(made("segment")), bytes: 65_535 },
      { stream: block(made("segment"), "tokens"), bytes: 32_768 },
    ];
    for (const { stream, bytes } of spans) {
      expect(inflateRawSync(stream).equals(PLAIN)).toBe(true);
      const [one] = dynamicBlocks(stream);
      expect(String(one?.tree.sequence)).toBe(sequenceOf(PLAIN.subarray(0, bytes)));
    }
    expect(new Set(spans.map(({ stream }) => stream.toString("latin1"))).size).toBe(3);
  });

  it("writes fixed codes as the tokens come", () => {
    const fixed = block({ kind: "fixed", isFinal: true, end: { kind: "member" } });
    expect(inflateRawSync(fixed).equals(PLAIN)).toBe(true);
  });

  it("refuses stored blocks of more than 65,535 bytes, and blocks beyond the member", () => {
    const stored = { kind: "stored", padding: 0 } as const;
    const end = { kind: "member" } as const;
    expect(() => block({ ...stored, isFinal: true, end })).toThrow(RecipeError);
    const beyond = { kind: "size", size: SIZE + 1 } as const;
    expect(() => block({ kind: "fixed", isFinal: false, end: beyond })).toThrow(RecipeError);
    expect(() => block({ kind: "fixed", isFinal: false, end: beyond }, "tokens")).toThrow(
      "more tokens than its member",
    );
  });

  it("refuses codes that lack a symbol that the block uses", () => {
    const lengths = new Uint8Array(258);
    lengths.fill(8, 0, 200);
    lengths[256] = 8;
    const sequence = [...lengths];
    const codeLengthLengths = new Uint8Array(19);
    codeLengthLengths[8] = 1;
    codeLengthLengths[0] = 1;
    const tree = {
      litLenCount: 257,
      distanceCount: 1,
      codeLengthCount: 19,
      codeLengthLengths,
      sequence,
      lengths,
    };
    const codes = { kind: "told", tree } as const;
    const plan = { kind: "dynamic", isFinal: true, end: { kind: "member" }, codes } as const;
    expect(() => block(plan)).toThrow("lack a symbol");
  });
});
