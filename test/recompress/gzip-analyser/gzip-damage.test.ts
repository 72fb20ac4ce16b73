import { expect, it } from "vitest";
import { plainLayer } from "../../fixtures/plain-layer.ts";
import { analyse, rebuild, recipeOf } from "./analysed.ts";
import { gzipMember } from "./gzip-parts.ts";

const LAYER = plainLayer({ seed: 3, sizeBytes: 40_000 });
const MEMBER = gzipMember(LAYER);

it.each([
  ["a wrong checksum", changed(MEMBER, -8), "a member's checksum is wrong"],
  ["a wrong size", changed(MEMBER, -1), "a member's size is wrong"],
  [
    "a wrong checksum in its first member",
    Buffer.concat([changed(MEMBER, -5), MEMBER]),
    "a member's checksum is wrong",
  ],
  [
    "something behind its last member",
    Buffer.concat([MEMBER, Buffer.from("something")]),
    "what follows its last member is no gzip",
  ],
  [
    "a byte behind its last member that begins as one does",
    Buffer.concat([MEMBER, Buffer.of(0x1f)]),
    "what follows its last member is no gzip",
  ],
  ["nothing wrong", Buffer.concat([MEMBER, MEMBER]), undefined],
])("GzipAnalyser rebuilds a stream with %s and tells it", (_, stream, damage) => {
  const { outcome, plain } = analyse(stream);
  expect(outcome).toMatchObject({ kind: "exact", findings: { damage } });
  expect(Buffer.compare(rebuild(recipeOf(outcome), plain), stream)).toBe(0);
});

/** The stream with one byte changed, counted from its end. */
function changed(stream: Uint8Array, at: number): Uint8Array {
  return stream.with(at, (stream.at(at) ?? 0) ^ 1);
}
