/** What a handler gives back: a description of the response, sent by `respond.ts`. */
import type { StoredBlob } from "../content/presence.ts";
import type { ByteRange } from "../storage/storage-driver.ts";

export interface Answer {
  readonly status: number;
  /** A list becomes one header line per value. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Left out: `Content-Length: 0`, or nothing at all where the status forbids a body. */
  readonly body?: AnswerBody | undefined;
  /** The same object answers many requests: what is made of it is worth keeping. */
  readonly isLasting?: true;
}

export type AnswerBody = BytesBody | BlobBody;

/** For HEAD it is described by its headers and not sent. */
export interface BytesBody {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface BlobBody {
  readonly contentType: string;
  readonly lengthBytes: number;
  /** Sent one after the other: the framing of a multi-part answer, and parts of the blob. */
  readonly parts: readonly BlobPart[];
}

export type BlobPart =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "blob"; readonly blob: StoredBlob; readonly range: ByteRange | undefined };

export function isBlobBody(body: AnswerBody): body is BlobBody {
  return "parts" in body;
}

/** A JSON document as the reference writes it: one line and a newline. */
export function jsonBody(document: unknown, contentType = "application/json"): BytesBody {
  return { contentType, bytes: Buffer.from(`${JSON.stringify(document)}\n`) };
}

/** Browsers must treat what anybody pushed as a download. */
export const UNTRUSTED_CONTENT = {
  "Content-Security-Policy": "sandbox; default-src 'none'",
  "Content-Disposition": "attachment",
} as const;
