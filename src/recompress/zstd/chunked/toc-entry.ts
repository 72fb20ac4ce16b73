/**
 * One file in the table of contents of zstd:chunked: the JSON that containers/storage writes, `version` 1.
 */
import { goMember, goQuoted } from "./go-json.ts";
import type { TarMetadata } from "./tar-metadata.ts";

const TYPES: ReadonlyMap<string, string> = new Map([
  ["\0", "reg"],
  ["0", "reg"],
  ["7", "reg"],
  ["1", "hardlink"],
  ["2", "symlink"],
  ["3", "char"],
  ["4", "block"],
  ["5", "dir"],
  ["6", "fifo"],
]);

/** A stretch of a file's body that has a frame of its own. */
export interface FileChunk {
  /** Where its frame begins, in the stream. */
  readonly streamByte: number;
  /** From the start of the body. */
  readonly at: number;
  readonly sizeBytes: number;
  /** `sha256:` and hex digits. */
  readonly digest: string;
  readonly isZeros: boolean;
}

/** What is known of a file once its body has gone by. */
export interface FileContents {
  readonly sizeBytes: number;
  /** `sha256:` and hex digits; of files with a body. */
  readonly digest: string;
  readonly chunks: readonly FileChunk[];
  /** Where the frame after the body begins, in the stream. */
  readonly endByte: number;
}

/** @returns a file's name as each of its entries tells it. */
export function tocName({ name }: Pick<TarMetadata, "name">): string {
  return goQuoted(name.toString("utf8"));
}

/** Makes the entry, and one more for each further chunk. Each repeats the name, so they come one by one. */
export function* tocEntries(metadata: TarMetadata, contents: FileContents): Generator<string> {
  const name = tocName(metadata);
  const { chunks } = contents;
  const [first] = chunks;
  const body = first === undefined ? "" : bodyMembers(contents, first);
  yield (
    `{"type":"${TYPES.get(metadata.type) ?? "reg"}","name":${name}` +
      goMember("linkName", metadata.linkName.toString("utf8")) +
      goMember("mode", metadata.mode) +
      goMember("size", contents.sizeBytes) +
      goMember("uid", metadata.userId) +
      goMember("gid", metadata.groupId) +
      timeMember("modtime", metadata.modified) +
      timeMember("accesstime", metadata.accessed) +
      timeMember("changetime", metadata.changed) +
      goMember("devMajor", metadata.deviceMajor) +
      goMember("devMinor", metadata.deviceMinor) +
      attributesMember(metadata) +
      `${body}}`
  );
  for (const chunk of chunks.slice(1)) yield chunkEntry(name, chunk);
}

function bodyMembers({ digest, chunks, endByte }: FileContents, first: FileChunk): string {
  const place =
    goMember("digest", digest) +
    goMember("offset", first.streamByte) +
    goMember("endOffset", endByte);
  return chunks.length > 1 ? place + chunkMembers(first) : place;
}

function chunkEntry(name: string, chunk: FileChunk): string {
  const offset = goMember("offset", chunk.streamByte);
  return `{"type":"chunk","name":${name}${offset}${chunkMembers(chunk)}}`;
}

function chunkMembers({ sizeBytes, at, digest, isZeros }: FileChunk): string {
  return (
    goMember("chunkSize", sizeBytes) +
    goMember("chunkOffset", at) +
    goMember("chunkDigest", digest) +
    goMember("chunkType", isZeros ? "zeros" : "")
  );
}

/** RFC 3339 with as many digits of the fraction as are not zero. */
function timeMember(name: string, seconds: string | undefined): string {
  if (seconds === undefined) return "";
  const [whole = "0", fraction = ""] = seconds.split(".");
  const moment = new Date(Number(whole) * 1000);
  if (Number.isNaN(moment.getTime())) return "";
  const digits = fraction.slice(0, 9).replace(/0+$/, "");
  const text = moment.toISOString().slice(0, -".000Z".length);
  return `,"${name}":"${text}${digits === "" ? "" : `.${digits}`}Z"`;
}

function attributesMember({ attributes }: TarMetadata): string {
  if (attributes.length === 0) return "";
  const members = attributes.map(
    ([name, value]) => `${goQuoted(name)}:"${value.toString("base64")}"`,
  );
  return `,"xattrs":{${members.join(",")}}`;
}
