/**
 * `Content-Range` of an upload's chunk: `<first>-<last>`, both inclusive, without unit or total.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks
 */
import { BadRequest, ChunkRangeInvalid, LengthMismatch } from "./errors.ts";

/**
 * Where the chunk begins; `undefined` when the client does not say. Also takes the form of RFC 9110
 * (`bytes 0-9/100`), which some clients send.
 * @throws {BadRequest} {ChunkRangeInvalid} {LengthMismatch}
 */
export function parseChunkStart(
  contentRange: string | undefined,
  contentLengthBytes: number | undefined,
): number | undefined {
  if (contentRange === undefined) return undefined;
  const match = /^(?:bytes[ =])?([0-9]{1,15})-([0-9]{1,15})(?:\/(?:[0-9]{1,15}|\*))?$/.exec(
    contentRange.trim(),
  );
  if (match === null) throw new BadRequest("RANGE_INVALID", "Content-Range is not <first>-<last>");
  const [first, last] = [Number(match[1]), Number(match[2])];
  if (last < first) throw new ChunkRangeInvalid("Content-Range ends before it begins");
  if (contentLengthBytes !== undefined && contentLengthBytes !== last - first + 1) {
    throw new LengthMismatch("Content-Length is not the length that Content-Range tells");
  }
  return first;
}
