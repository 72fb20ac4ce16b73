/**
 * Blobs: `GET`, `HEAD` and `DELETE /v2/<name>/blobs/<digest>`.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs
 */
import { randomBytes } from "node:crypto";
import { BlobUnknown } from "../content/errors.ts";
import type { StoredBlob } from "../content/presence.ts";
import { OCTET_STREAM } from "../oci/media-type.ts";
import { type Answer, type BlobBody, type BlobPart, UNTRUSTED_CONTENT } from "./answer.ts";
import { etagOf, matchesEtag } from "./conditional.ts";
import { PreconditionFailed, RangeNotSatisfiable } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { type Handler, type HandlerDeps, requireDeletes } from "./handler.ts";
import { chooseRange, formatContentRange, type Range, type RangeChoice } from "./range.ts";

/** The bytes of a digest never change, so caches may keep them for a year. */
const MAX_AGE = "max-age=31536000";

export const getBlob: Handler = async (exchange, deps) => {
  const { name, digest } = exchange.routeOf("blob");
  const found = deps.foundBlobs.find(`${name}:${digest}`, () =>
    deps.content.blobs.find(name, digest, { signal: exchange.effects }),
  );
  // What is at hand is not waited for.
  const blob = found instanceof Promise ? await found : found;
  if (blob === undefined) throw new BlobUnknown(digest);
  const redirected = deps.settings.redirect ? await redirect(exchange, blob, deps) : undefined;
  const answer = redirected ?? describe(exchange, blob);
  if (answer.status !== 304) tellPull(exchange, blob, deps);
  return answer;
};

export const deleteBlob: Handler = async (exchange, { content, events, settings }) => {
  requireDeletes(settings);
  const { name, digest } = exchange.routeOf("blob");
  await content.blobs.delete(name, digest, { signal: exchange.effects });
  events.publish({
    ...exchange.eventOrigin(),
    kind: "blob",
    action: "delete",
    repository: name,
    target: { digest },
  });
  return { status: 202, headers: {} };
};

/** Straight from the store, where it can serve by itself: the bytes never pass this process. */
async function redirect(
  exchange: Exchange,
  blob: StoredBlob,
  { content }: HandlerDeps,
): Promise<Answer | undefined> {
  const method = exchange.method === "HEAD" ? "HEAD" : "GET";
  const url = await content.blobs.presign(blob, { signal: exchange.signal, method });
  return url && { status: 307, headers: { Location: url.href } };
}

function describe(exchange: Exchange, blob: StoredBlob): Answer {
  const { digest } = blob;
  const headers = {
    "Accept-Ranges": "bytes",
    "Cache-Control": MAX_AGE,
    "Docker-Content-Digest": digest,
    ETag: etagOf(digest),
  };
  const ifMatch = exchange.header("if-match");
  if (ifMatch !== undefined && !matchesEtag(ifMatch, digest)) {
    throw new PreconditionFailed("the blob has another digest");
  }
  const ifNoneMatch = exchange.header("if-none-match");
  if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, digest)) {
    return { status: 304, headers };
  }
  return present(blob, rangeFor(exchange, blob), { ...headers, ...UNTRUSTED_CONTENT });
}

/** RFC 9110 section 13.1.5: an `If-Range` that does not match asks for the whole. */
function rangeFor(exchange: Exchange, { digest, sizeBytes }: StoredBlob): RangeChoice {
  const ifRange = exchange.header("if-range");
  const isStale = ifRange !== undefined && ifRange !== etagOf(digest);
  return chooseRange(isStale ? undefined : exchange.header("range"), sizeBytes);
}

function present(blob: StoredBlob, choice: RangeChoice, headers: Record<string, string>): Answer {
  const { sizeBytes } = blob;
  switch (choice.kind) {
    case "unsatisfiable":
      throw new RangeNotSatisfiable(sizeBytes);
    case "whole":
      return { status: 200, headers, body: wholeBody(blob) };
    case "parts": {
      const [range, ...more] = choice.ranges;
      if (range === undefined || more.length > 0) {
        return { status: 206, headers, body: multipartBody(blob, choice.ranges) };
      }
      const contentRange = formatContentRange(range, sizeBytes);
      const parts: readonly BlobPart[] = [{ kind: "blob", blob, range }];
      return {
        status: 206,
        headers: { ...headers, "Content-Range": contentRange },
        body: { contentType: OCTET_STREAM, lengthBytes: range.lengthBytes, parts },
      };
    }
  }
}

function wholeBody(blob: StoredBlob): BlobBody {
  const parts: readonly BlobPart[] = [{ kind: "blob", blob, range: undefined }];
  return { contentType: OCTET_STREAM, lengthBytes: blob.sizeBytes, parts };
}

/** RFC 9110 section 14.6. */
function multipartBody(blob: StoredBlob, ranges: readonly Range[]): BlobBody {
  const boundary = randomBytes(24).toString("hex");
  const parts = ranges.flatMap((range): BlobPart[] => [
    bytesPart(
      `\r\n--${boundary}\r\nContent-Type: ${OCTET_STREAM}\r\n` +
        `Content-Range: ${formatContentRange(range, blob.sizeBytes)}\r\n\r\n`,
    ),
    { kind: "blob", blob, range },
  ]);
  parts.push(bytesPart(`\r\n--${boundary}--\r\n`));
  const lengthBytes = parts.reduce((sum, part) => sum + lengthOf(part), 0);
  return { contentType: `multipart/byteranges; boundary=${boundary}`, lengthBytes, parts };
}

function bytesPart(text: string): BlobPart {
  return { kind: "bytes", bytes: Buffer.from(text) };
}

function lengthOf(part: BlobPart): number {
  return part.kind === "bytes" ? part.bytes.byteLength : (part.range?.lengthBytes ?? 0);
}

function tellPull(exchange: Exchange, blob: StoredBlob, { events }: HandlerDeps): void {
  if (!events.arePullsHeard) return;
  const { name, digest } = exchange.routeOf("blob");
  events.publish({
    ...exchange.eventOrigin(),
    kind: "blob",
    action: "pull",
    repository: name,
    target: {
      mediaType: OCTET_STREAM,
      digest,
      sizeBytes: blob.sizeBytes,
      url: exchange.url(`${name}/blobs/${digest}`),
    },
  });
}
