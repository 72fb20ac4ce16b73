import {
  ChunkedDocuments,
  type DocumentKind,
} from "../../../src/recompress/zstd/chunked/chunked-documents.ts";
import { fileBorders } from "../zstd-codec/codec.ts";
import { encodeLike } from "../zstd-codec/encode-like.ts";
import { TEST_ENGINES } from "../zstd-codec/test-engines.ts";

const [FIRST] = TEST_ENGINES;
if (FIRST === undefined) throw new Error("no engines");

/** The one that writes the streams here. */
export const ENGINE = FIRST;

/** What a stream is to have. */
export interface ChunkedPlan {
  /** The table of contents and tar-split data by default. */
  readonly documents?: readonly DocumentKind[];
  /** Where files begin and end by default. */
  readonly frameEnds?: readonly number[];
  /** Done to each document. */
  readonly change?: (document: string) => string;
}

/** @returns a stream in the shape of zstd:chunked, with documents in skippable frames and a footer. */
export function chunkedStream(tar: Uint8Array, plan: ChunkedPlan = {}): Buffer {
  const { documents = ["toc", "tar-split"], frameEnds = fileBorders(tar), change } = plan;
  const foretold = new ChunkedDocuments();
  const pieces: Buffer[] = [];
  let streamByte = 0;
  for (const [index, to] of [...frameEnds, tar.length].entries()) {
    const plain = tar.subarray(frameEnds[index - 1] ?? 0, to);
    const frame = encodeLike(plain, { engine: ENGINE });
    foretold.frame(streamByte);
    foretold.write(plain);
    pieces.push(frame);
    streamByte += frame.length;
  }
  foretold.skippable(streamByte);
  for (const kind of documents) {
    const document = (change ?? String)(wholeDocument(foretold, kind));
    pieces.push(skippable(encodeLike(Buffer.from(document), { engine: ENGINE })));
  }
  const footer = Buffer.concat([Buffer.alloc(56, 1), Buffer.from("GNUlInUx")]);
  return Buffer.concat([...pieces, skippable(footer)]);
}

function wholeDocument(foretold: ChunkedDocuments, kind: DocumentKind): string {
  const guess = foretold.guess(kind)?.toString() ?? "nothing";
  return kind === "tar-split" ? guess : `${guess},"tarSplitDigest":"sha256:0123456789abcdef"}`;
}

/** @returns the content as a skippable frame (RFC 8878 section 3.1.2). */
export function skippable(content: Uint8Array): Buffer {
  const header = Buffer.from("502a4d1800000000", "hex");
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}
