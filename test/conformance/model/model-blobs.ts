/** Blobs and upload sessions of the model registry. */
import { randomUUID } from "node:crypto";

import { ALGORITHMS, contentDigest } from "../documents.ts";
import { errorReply, reply, type ModelReply, type ModelRequest } from "./model-http.ts";
import {
  DIGEST,
  methodReply,
  repositoryOf,
  type ModelState,
  type Routed,
  type Upload,
} from "./model-state.ts";

/** `blobs/uploads/` */
export function startRoute({ state, request, name }: Routed): ModelReply {
  if (request.method !== "POST") return methodReply("POST");
  const mount = request.query.get("mount");
  const from = request.query.get("from");
  const source = mount && from ? state.repositories.get(from)?.blobs.get(mount) : undefined;
  if (mount && source !== undefined)
    return storeBlob({ state, name, digest: mount, bytes: source });
  const digest = mount === null ? request.query.get("digest") : null;
  if (digest !== null) return storeBlob({ state, name, digest, bytes: request.body });
  const id = randomUUID();
  state.uploads.set(id, { name, bytes: Buffer.alloc(0) });
  return standing(202, name, { id, sizeBytes: 0 });
}

function standing(
  status: number,
  name: string,
  upload: { id: string; sizeBytes: number },
): ModelReply {
  return reply(status, {
    location: `/v2/${name}/blobs/uploads/${upload.id}?step=${upload.sizeBytes}`,
    range: `0-${Math.max(upload.sizeBytes - 1, 0)}`,
    "docker-upload-uuid": upload.id,
  });
}

interface BlobParts {
  readonly state: ModelState;
  readonly name: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

function storeBlob({ state, name, digest, bytes }: BlobParts): ModelReply {
  const algorithm = ALGORITHMS.find((one) => digest.startsWith(`${one}:`));
  if (algorithm === undefined || contentDigest(bytes, algorithm) !== digest) {
    return errorReply(400, "DIGEST_INVALID");
  }
  repositoryOf(state, name).blobs.set(digest, bytes);
  return reply(201, { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest });
}

/** `blobs/uploads/<id>` */
export function uploadRoute(routed: Routed): ModelReply {
  const { state, request, name, last: id } = routed;
  const upload = state.uploads.get(id);
  if (upload === undefined || upload.name !== name) return errorReply(404, "BLOB_UPLOAD_UNKNOWN");
  if (request.method === "DELETE") {
    state.uploads.delete(id);
    return reply(204);
  }
  const isStep = request.method === "PATCH" || request.method === "PUT";
  const refusal = isStep ? chunkRefusal(request, upload.bytes.byteLength) : undefined;
  if (refusal !== undefined) return refusal;
  if (request.method === "PUT") return finish(routed, upload);
  upload.bytes = Buffer.concat([upload.bytes, request.body]);
  const status = isStep ? 202 : 204;
  return standing(status, name, { id, sizeBytes: upload.bytes.byteLength });
}

function finish({ state, request, name, last: id }: Routed, upload: Upload): ModelReply {
  const digest = request.query.get("digest") ?? "";
  if (!DIGEST.test(digest)) return errorReply(400, "DIGEST_INVALID");
  state.uploads.delete(id);
  return storeBlob({ state, name, digest, bytes: Buffer.concat([upload.bytes, request.body]) });
}

/** What a chunk is answered that does not begin where the session stands. */
function chunkRefusal(request: ModelRequest, receivedBytes: number): ModelReply | undefined {
  const step = request.query.get("step");
  if (request.method === "PATCH" && step !== String(receivedBytes))
    return errorReply(416, "RANGE_INVALID");
  const range = request.headers["content-range"];
  if (range === undefined) return undefined;
  const [, first, end] = /^(?:bytes )?(\d+)-(\d+)(?:\/\d+)?$/.exec(range) ?? [];
  if (first === undefined || Number(end) < Number(first)) return errorReply(416, "RANGE_INVALID");
  if (Number(first) !== receivedBytes) return errorReply(416, "RANGE_INVALID");
  const sizeBytes = Number(end) - Number(first) + 1;
  return sizeBytes === request.body.byteLength ? undefined : errorReply(400, "SIZE_INVALID");
}

/** `blobs/<digest>` */
export function blobRoute({ state, request, name, last: digest }: Routed): ModelReply {
  if (!DIGEST.test(digest)) return errorReply(400, "DIGEST_INVALID");
  const bytes = state.repositories.get(name)?.blobs.get(digest);
  if (request.method === "DELETE" && !state.deletes) return methodReply("GET, HEAD");
  if (bytes === undefined) return errorReply(404, "BLOB_UNKNOWN");
  if (request.method === "DELETE") {
    state.repositories.get(name)?.blobs.delete(digest);
    return reply(202);
  }
  return blobReply(request, digest, bytes);
}

function blobReply(request: ModelRequest, digest: string, bytes: Buffer): ModelReply {
  const etag = `"${digest}"`;
  const headers = {
    etag,
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
  };
  if (request.headers["if-none-match"] === etag) return reply(304, headers);
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  const condition = request.headers["if-range"] ?? etag;
  if (range === null || condition !== etag) return reply(200, headers, bytes);
  const size = bytes.byteLength;
  const [start, stop] = boundsOf(range[1] ?? "", range[2] ?? "", size);
  if (start > stop) return reply(416, { "content-range": `bytes */${size}` });
  const part = { ...headers, "content-range": `bytes ${start}-${stop}/${size}` };
  return reply(206, part, bytes.subarray(start, stop + 1));
}

/** First and last byte, both inclusive; the first is behind the last when there is nothing to give. */
function boundsOf(first: string, end: string, size: number): [number, number] {
  if (first === "") return [Math.max(size - Number(end), 0), size - 1];
  return [Number(first), end === "" ? size - 1 : Math.min(Number(end), size - 1)];
}
