import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { Crc64, crc64Tables } from "../../../src/recompress/zstd/chunked/crc64.ts";
import {
  ChunkedDocuments,
  type DocumentKind,
} from "../../../src/recompress/zstd/chunked/chunked-documents.ts";
import { goQuoted } from "../../../src/recompress/zstd/chunked/go-json.ts";
import { tarMetadata } from "../../../src/recompress/zstd/chunked/tar-metadata.ts";
import { tocEntries } from "../../../src/recompress/zstd/chunked/toc-entry.ts";
import { type TarEntry, tarHeader, tarPadding } from "../../fixtures/tar-entry.ts";

it("Crc64 gives the check value of CRC-64/GO-ISO, whole or in parts", () => {
  const bytes = Buffer.from("123456789");
  const whole = new Crc64(crc64Tables());
  whole.update(bytes);
  expect(whole.digest().toString("hex")).toBe("b90956c775a41001");
  const parts = new Crc64(crc64Tables());
  for (const byte of bytes) parts.update(Uint8Array.of(byte));
  expect(parts.digest()).toEqual(whole.digest());
});

it("goQuoted escapes what Go keeps out of HTML", () => {
  expect(goQuoted('a<b>&"\u2028')).toBe(String.raw`"a\u003cb\u003e\u0026\"\u2028"`);
});

const BODY = Buffer.from("some text\n".repeat(20));
const HOLE = Buffer.alloc(1500);
const ENTRIES: readonly (TarEntry & { readonly body: Buffer })[] = [
  { ...entry("etc/", "directory"), mode: 0o755, body: Buffer.alloc(0) },
  { ...entry("etc/<a>", "file", BODY.length), body: BODY },
  {
    ...entry("etc/holes", "file", BODY.length + HOLE.length),
    records: { mtime: "1700000000.25", "SCHILY.xattr.user.b": "2", "SCHILY.xattr.user.a": "1" },
    body: Buffer.concat([BODY, HOLE]),
  },
  { ...entry("etc/link", "symlink"), linkTarget: "holes", body: Buffer.alloc(0) },
];

it("ChunkedDocuments tells the table of contents that containers/storage would write", () => {
  const { tar, frames } = archive();
  const sum = (bytes: Buffer): string =>
    `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const both = Buffer.concat([BODY, HOLE]);
  expect(told(tar, frames, 700).toc).toBe(
    [
      `{"version":1,"entries":[{"type":"dir","name":"etc/","mode":493,"modtime":"2023-11-14T22:13:20Z"}`,
      String.raw`{"type":"reg","name":"etc/\u003ca\u003e","mode":420,"size":200,"modtime":"2023-11-14T22:13:20Z"` +
        `,"digest":"${sum(BODY)}","offset":100,"endOffset":200}`,
      `{"type":"reg","name":"etc/holes","mode":420,"size":1700,"modtime":"2023-11-14T22:13:20.25Z"` +
        `,"xattrs":{"user.a":"MQ==","user.b":"Mg=="},"digest":"${sum(both)}","offset":300` +
        `,"endOffset":500,"chunkSize":200,"chunkDigest":"${sum(BODY)}"}`,
      `{"type":"chunk","name":"etc/holes","offset":400,"chunkSize":1500,"chunkOffset":200` +
        `,"chunkDigest":"${sum(HOLE)}","chunkType":"zeros"}`,
      `{"type":"symlink","name":"etc/link","linkName":"holes","mode":420,"modtime":"2023-11-14T22:13:20Z"}]`,
    ].join(","),
  );
});

it("ChunkedDocuments tells tar-split data from which the tar can be put together again", () => {
  const { tar, frames } = archive();
  const lines = told(tar, frames, 700)["tar-split"]?.trimEnd().split("\n") ?? [];
  const bodies = new Map(ENTRIES.map(({ path, body }) => [path, body]));
  const parts = lines.map((line, position) => {
    const document: unknown = JSON.parse(line);
    expect(document).toMatchObject({ position });
    const { type, name, payload } = document as { type: number; name: string; payload: string };
    return type === 2 ? Buffer.from(payload, "base64") : (bodies.get(name) ?? Buffer.alloc(0));
  });
  expect(Buffer.concat(parts)).toEqual(tar);
  expect(lines[3]).toBe(
    String.raw`{"type":1,"name":"etc/\u003ca\u003e","size":200,"payload":"${crcOf(BODY)}","position":3}`,
  );
});

it("ChunkedDocuments tells the same whatever the cuts", () => {
  const { tar, frames } = archive();
  const whole = told(tar, frames, tar.length);
  for (const size of [1, 511, 700]) expect(told(tar, frames, size)).toEqual(whole);
});

it("ChunkedDocuments tells nothing of a stream in one frame, or of what is no tar", () => {
  const { tar } = archive();
  const noTar = told(Buffer.alloc(4096, "x"), [{ plain: 1024, stream: 9 }], 700);
  for (const none of [told(tar, [], 700), noTar]) {
    expect(none).toEqual({ toc: undefined, "early-toc": undefined, "tar-split": undefined });
  }
});

it("ChunkedDocuments tells of early tables of contents, which had unset times", () => {
  const { tar, frames } = archive();
  const { toc, "early-toc": early } = told(tar, frames, 700);
  const unset = `,"accesstime":"0001-01-01T00:00:00Z","changetime":"0001-01-01T00:00:00Z"`;
  expect(early).not.toBe(toc);
  expect(early?.replaceAll(unset, "")).toBe(toc);
  expect(early?.split(unset).length).toBe(ENTRIES.length + 1);
  expect(early).toContain(`"modtime":"2023-11-14T22:13:20.25Z"${unset},"xattrs"`);
});

it("ChunkedDocuments can be asked before the end of the tar, and goes on", () => {
  const { tar, frames } = archive();
  const [first] = frames;
  const documents = new ChunkedDocuments();
  documents.frame(0);
  documents.write(tar.subarray(0, first?.plain));
  expect(documents.guess("toc")).toBeUndefined();
  documents.frame(100);
  const early = documents.guess("tar-split")?.toString() ?? "";
  expect(documents.guess("tar-split")?.toString()).toBe(early);
  expect(told(tar, frames, 700)["tar-split"]?.startsWith(early)).toBe(true);
});

it("ChunkedDocuments gives up an archive whose documents would not fit into memory", () => {
  const documents = new ChunkedDocuments();
  documents.frame(0);
  documents.write(tarHeader(entry("a", "directory")));
  documents.frame(100);
  expect(documents.guess("toc")).toBeDefined();
  const padding = Buffer.alloc(1024 * 1024);
  for (let size = 0; size < 49; size++) documents.write(padding);
  expect(documents.guess("toc")).toBeUndefined();
});

it("ChunkedDocuments gives up a file at once whose entries would not fit into memory", () => {
  const fit = inChunks("n".repeat(10_000), 4000);
  expect(fit.guess("toc")).toBeDefined();
  const tooLong = inChunks("n".repeat(10_000), 5000);
  expect(tooLong.canGuess).toBe(false);
  expect(tooLong.guess("toc")).toBeUndefined();
});

it("ChunkedDocuments counts a name as long as it is in the document", () => {
  expect(inChunks("\u0001".repeat(10_000), 900).canGuess).toBe(false);
});

it("ChunkedDocuments gives up a tar with a name that no file can have", () => {
  expect(inChunks("n".repeat(65_536), 2).canGuess).toBe(true);
  expect(inChunks("n".repeat(65_537), 2).canGuess).toBe(false);
});

it("tocEntries makes entries one by one", () => {
  let made = 0;
  const chunk = { streamByte: 9, at: 0, sizeBytes: 1, digest: "sha256:0", isZeros: false };
  const chunks = Array.from({ length: 3 }, () => ({
    ...chunk,
    get streamByte() {
      made++;
      return 9;
    },
  }));
  const metadata = tarMetadata(Buffer.from(tarHeader(entry("name", "file", 3))));
  const entries = tocEntries(metadata, { sizeBytes: 3, digest: "sha256:1", chunks, endByte: 20 });
  entries.next();
  expect(made).toBe(1);
  expect([...entries].length).toBe(2);
});

it("ChunkedDocuments tells which chunks are zeros, and each by its digest", () => {
  const body = Buffer.concat([Buffer.alloc(700), Buffer.from("abc"), Buffer.alloc(300)]);
  const header = Buffer.from(tarHeader(entry("file", "file", body.length)));
  const documents = new ChunkedDocuments();
  documents.frame(0);
  documents.write(header);
  for (const [streamByte, from, to] of [
    [10, 0, 700],
    [20, 700, 703],
    [30, 703, 1003],
  ] as const) {
    documents.frame(streamByte);
    documents.write(body.subarray(from, to));
  }
  documents.skippable(40);
  const { entries } = JSON.parse(`${documents.guess("toc")?.toString()}}`) as {
    entries: { chunkType?: string; chunkDigest: string }[];
  };
  expect(entries.map(({ chunkType }) => chunkType)).toEqual(["zeros", undefined, "zeros"]);
  const sums = [body.subarray(0, 700), "abc", body.subarray(703)].map((bytes) => {
    return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  });
  expect(entries.map(({ chunkDigest }) => chunkDigest)).toEqual(sums);
});

/** @returns what is told of a file with one byte a chunk, while its last chunk is open. */
function inChunks(path: string, count: number): ChunkedDocuments {
  const documents = new ChunkedDocuments();
  documents.frame(0);
  const header = { ...entry("file", "file", count + 1), records: { path } };
  documents.write(Buffer.from(tarHeader(header)));
  for (let chunk = 0; chunk < count; chunk++) {
    documents.frame(10 + chunk);
    documents.write(Buffer.from("a"));
  }
  return documents;
}

interface FramePlace {
  readonly plain: number;
  readonly stream: number;
}

/** Frames begin at bodies, at their ends, and at the hole, as zstd:chunked makes them. */
function archive(): { tar: Buffer; frames: readonly FramePlace[] } {
  const parts: Buffer[] = [];
  const starts: number[] = [];
  let at = 0;
  for (const { body, ...header } of ENTRIES) {
    const head = Buffer.from(tarHeader(header));
    const start = at + head.length;
    if (body.length > 0) starts.push(start);
    if (body.length > BODY.length) starts.push(start + BODY.length);
    if (body.length > 0) starts.push(start + body.length);
    parts.push(head, body, Buffer.alloc(tarPadding(body.length)));
    at = start + body.length + tarPadding(body.length);
  }
  parts.push(Buffer.alloc(1024));
  const frames = starts.map((plain, index) => ({ plain, stream: 100 * (index + 1) }));
  return { tar: Buffer.concat(parts), frames };
}

function told(
  tar: Buffer,
  frames: readonly FramePlace[],
  size: number,
): Record<DocumentKind, string | undefined> {
  const documents = new ChunkedDocuments();
  let at = 0;
  const writeTo = (end: number): void => {
    for (; at < end; at = Math.min(end, at + size)) {
      documents.write(tar.subarray(at, Math.min(end, at + size)));
    }
  };
  documents.frame(0);
  for (const { plain, stream } of frames) {
    writeTo(plain);
    documents.frame(stream);
  }
  writeTo(tar.length);
  documents.skippable(9999);
  const guess = (kind: DocumentKind): string | undefined => documents.guess(kind)?.toString();
  return {
    toc: guess("toc"),
    "early-toc": guess("early-toc"),
    "tar-split": guess("tar-split"),
  };
}

function entry(path: string, type: TarEntry["type"], sizeBytes = 0): TarEntry {
  return { path, type, sizeBytes, mode: 0o644, modifiedSeconds: 1_700_000_000 };
}

function crcOf(bytes: Buffer): string {
  const crc = new Crc64(crc64Tables());
  crc.update(bytes);
  return crc.digest().toString("base64");
}
