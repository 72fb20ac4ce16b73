/**
 * Uploads: `/v2/<name>/blobs/uploads/` and `/v2/<name>/blobs/uploads/<id>`.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
 */
import { ANYONE } from "../auth/open-access.ts";
import type { StoredBlob } from "../content/presence.ts";
import { belongsTo, isUploadId } from "../content/upload-id.ts";
import { UploadUnknown } from "../content/errors.ts";
import type { Chunk, Upload, UploadStatus } from "../content/upload-store.ts";
import {
  algorithmOf,
  type Digest,
  type DigestAlgorithm,
  isDigest,
  isDigestAlgorithm,
  parseDigest,
} from "../oci/digest.ts";
import { OCTET_STREAM } from "../oci/media-type.ts";
import { isRepositoryName, type RepositoryName } from "../oci/repository-name.ts";
import type { Answer } from "./answer.ts";
import { parseChunkStart } from "./content-range.ts";
import { BadRequest } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Handler, HandlerDeps } from "./handler.ts";

/** `POST`: mounts a blob, takes one whole, or begins an upload. */
export const startUpload: Handler = async (exchange, deps) => {
  const { name } = exchange.routeOf("blob_upload");
  const mounted = await mount(exchange, name, deps);
  if (mounted !== undefined) return mounted;
  const digest = claimedDigest(exchange);
  const { uploads } = deps.content;
  const signal = exchange.effects;
  const algorithm = digest === undefined ? hintedAlgorithm(exchange) : algorithmOf(digest);
  const upload = await uploads.start(name, { signal, algorithm, actor: exchange.actor });
  if (digest === undefined) return progress(exchange, upload, { sizeBytes: 0 });
  const blob = await takeWhole(exchange, { upload, digest }, deps);
  return created(exchange, { name, blob }, deps);
};

/** Nobody was told of this upload, so what is left of one that failed must not stay. */
async function takeWhole(
  exchange: Exchange,
  { upload, digest }: { readonly upload: Upload; readonly digest: Digest },
  { content: { uploads } }: HandlerDeps,
): Promise<StoredBlob> {
  const chunk: Chunk = { bytes: exchange.body(), startBytes: undefined };
  const signal = exchange.effects;
  try {
    return await uploads.commit(upload, { chunk, digest }, { signal });
  } catch (error) {
    await uploads.cancel(upload, { signal }).catch(ignoreSecondFailure);
    throw error;
  }
}

/** The first failure is the one to tell; a digest that was wrong has ended the upload already. */
function ignoreSecondFailure(): undefined {
  return undefined;
}

/** `PATCH`: one more chunk, of any size, with or without saying where it begins. */
export const appendUpload: Handler = async (exchange, { content }) => {
  const upload = uploadOf(exchange);
  const status = await content.uploads.append(upload, chunkOf(exchange), {
    signal: exchange.effects,
  });
  return progress(exchange, upload, status);
};

/** `PUT`: the last chunk, if any, and the digest of the whole. */
export const finishUpload: Handler = async (exchange, deps) => {
  const upload = uploadOf(exchange);
  const digest = claimedDigest(exchange);
  if (digest === undefined) throw new BadRequest("DIGEST_INVALID", "the digest is missing");
  const startsAt = exchange.header("content-range") !== undefined;
  const chunk = exchange.hasBody || startsAt ? chunkOf(exchange) : undefined;
  const blob = await deps.content.uploads.commit(
    upload,
    { chunk, digest },
    { signal: exchange.effects },
  );
  return created(exchange, { name: upload.repository, blob }, deps);
};

/** `GET` and `HEAD`: how far the upload is, and where it goes on. */
export const uploadStatus: Handler = async (exchange, { content }) => {
  const upload = uploadOf(exchange);
  const status = await content.uploads.status(upload, exchange);
  return { ...progress(exchange, upload, status), status: 204 };
};

/** `DELETE`: gives the upload up. It is its client's own, so deletes need not be enabled. */
export const cancelUpload: Handler = async (exchange, { content }) => {
  const upload = uploadOf(exchange);
  await content.uploads.cancel(upload, { signal: exchange.effects });
  return { status: 204, headers: { "Docker-Upload-UUID": upload.id } };
};

/** An id that is none of ours, or another's, cannot be known. @throws {UploadUnknown} */
function uploadOf(exchange: Exchange): Upload {
  const { name, id } = exchange.routeOf("blob_upload_chunk");
  if (!isUploadId(id)) throw new UploadUnknown();
  const { caller, actor } = exchange;
  if (caller !== ANYONE && !belongsTo(id, { repository: name, actor })) throw new UploadUnknown();
  return { repository: name, id };
}

function chunkOf(exchange: Exchange): Chunk {
  const startBytes = parseChunkStart(exchange.header("content-range"), exchange.contentLength);
  return { bytes: exchange.body(), startBytes };
}

/** @throws {InvalidDigest} {BadRequest} */
function claimedDigest(exchange: Exchange): Digest | undefined {
  const text = exchange.query.one("digest", "DIGEST_INVALID");
  return text === undefined ? undefined : parseDigest(text);
}

/** A hint that we do not know is no error: any algorithm may still turn out to be the final one. */
function hintedAlgorithm(exchange: Exchange): DigestAlgorithm | undefined {
  const text = exchange.query.one("digest-algorithm", "DIGEST_INVALID");
  return text !== undefined && isDigestAlgorithm(text) ? text : undefined;
}

/** A mount that cannot be is never an error: the client gets an upload instead. */
async function mount(
  exchange: Exchange,
  name: RepositoryName,
  deps: HandlerDeps,
): Promise<Answer | undefined> {
  const digest = exchange.query.one("mount", "DIGEST_INVALID");
  const from = exchange.query.one("from", "NAME_INVALID");
  if (digest === undefined || !isDigest(digest)) return undefined;
  if (from !== undefined && !isRepositoryName(from)) return undefined;
  if (!mayMount(exchange, from)) return undefined;
  const options = { signal: exchange.effects };
  const blob = await deps.content.blobs.mount({ digest, from, to: name }, options);
  if (blob === undefined) return undefined;
  if (from === undefined) return created(exchange, { name, blob }, deps);
  deps.events.publish({
    ...exchange.eventOrigin(),
    kind: "blob",
    action: "mount",
    repository: name,
    target: { ...targetOf(exchange, name, blob), fromRepository: from },
  });
  return blobCreated(exchange, name, blob);
}

/** What one may not pull is to be sent, as if it were not there; without `from` it could be anybody's. */
function mayMount({ caller }: Exchange, from: RepositoryName | undefined): boolean {
  return from === undefined ? caller === ANYONE : caller.may("pull", from);
}

function progress(exchange: Exchange, { repository, id }: Upload, status: UploadStatus): Answer {
  return {
    status: 202,
    headers: {
      Location: exchange.url(`${repository}/blobs/uploads/${id}`),
      // An empty upload and one of a single byte look alike; the spec has no other form.
      Range: `0-${Math.max(status.sizeBytes - 1, 0)}`,
      "Docker-Upload-UUID": id,
    },
  };
}

function created(
  exchange: Exchange,
  { name, blob }: { readonly name: RepositoryName; readonly blob: StoredBlob },
  { events }: HandlerDeps,
): Answer {
  events.publish({
    ...exchange.eventOrigin(),
    kind: "blob",
    action: "push",
    repository: name,
    target: targetOf(exchange, name, blob),
  });
  return blobCreated(exchange, name, blob);
}

function blobCreated(exchange: Exchange, name: RepositoryName, { digest }: StoredBlob): Answer {
  return {
    status: 201,
    headers: {
      Location: exchange.url(`${name}/blobs/${digest}`),
      "Docker-Content-Digest": digest,
    },
  };
}

function targetOf(
  exchange: Exchange,
  name: RepositoryName,
  { digest, sizeBytes }: StoredBlob,
): { mediaType: string; digest: Digest; sizeBytes: number; url: string } {
  const url = exchange.url(`${name}/blobs/${digest}`);
  return { mediaType: OCTET_STREAM, digest, sizeBytes, url };
}
