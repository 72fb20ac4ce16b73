/** What the model registry holds, and what its routes share. */
import { errorReply, type ModelReply, type ModelRequest } from "./model-http.ts";

/** What every route takes as a digest. */
export const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
/** A manifest under one of its digests. */
export interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly subject: string | undefined;
}

/** Digest -> content, tag -> digest. */
export interface StoredRepository {
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
}

/** An open session. */
export interface Upload {
  readonly name: string;
  bytes: Buffer;
}

/** Everything; the maps are changed in place. */
export interface ModelState {
  readonly deletes: boolean;
  readonly repositories: Map<string, StoredRepository>;
  readonly uploads: Map<string, Upload>;
}

/** A request whose name and route are known. */
export interface Routed {
  readonly state: ModelState;
  readonly request: ModelRequest;
  readonly name: string;
  /** The last part of the path: a digest, a tag, an upload's id. */
  readonly last: string;
}

/** Makes the repository when there is none. */
export function repositoryOf(state: ModelState, name: string): StoredRepository {
  const found = state.repositories.get(name);
  if (found !== undefined) return found;
  const made = { blobs: new Map(), manifests: new Map(), tags: new Map() };
  state.repositories.set(name, made);
  return made;
}

/** 405 with the methods that the route has. */
export function methodReply(allow: string): ModelReply {
  return {
    ...errorReply(405, "UNSUPPORTED"),
    headers: { allow, "content-type": "application/json" },
  };
}
