/** What lies in the registry of the matrix, and how one of its cases asks and what it finds. */
import { digestOf } from "../../src/oci/digest.ts";
import { basic } from "./matrix-credentials.ts";
import type { Answered, Asked, Client } from "./matrix-client.ts";
import {
  type Asks,
  type Credential,
  DENIED,
  NAMESPACES,
  type Namespace,
  OWNER,
  PASSWORD_OF,
  refusal,
} from "./matrix-table.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";

/** Bytes and what they are called. */
export interface Content {
  readonly bytes: string;
  readonly digest: string;
}

export function content(bytes: string): Content {
  return { bytes, digest: digestOf(Buffer.from(bytes)) };
}

/** A manifest that needs nothing to be there before it. */
export function manifest(name: string, subject?: Content): Content {
  const refersTo = subject && {
    mediaType: INDEX,
    digest: subject.digest,
    size: subject.bytes.length,
  };
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: [], annotations: { name } };
  return content(JSON.stringify({ ...index, ...(refersTo && { subject: refersTo }) }));
}

/** In the repository that exists in every namespace. */
export const BLOB = content("a blob of everybody");
export const IMAGE = manifest("an image of everybody");
export const REFERRER = manifest("a signature of it", IMAGE);
/** In a repository that nobody of the matrix may know of, and nowhere else. */
export const HIDDEN_BLOB = content("a blob of nobody");
export const HIDDEN_IMAGE = manifest("an image of nobody");
export const HIDDEN_REPOSITORY = "hoard/image";
export const HIDDEN_TAG = "sesame";
/** Nowhere at all. */
export const NO_BLOB = content("a blob that was never pushed");
export const NO_IMAGE = manifest("an image that was never pushed");

/** In the repository of that namespace alone. */
export function blobOf(namespace: Namespace): Content {
  return content(`a blob of ${namespace}`);
}

export const EXISTING = "image";

const OWNER_HEADER = basic(OWNER, PASSWORD_OF(OWNER));

export const putManifest = (at: string, { bytes }: Content): Asked => ({
  method: "PUT",
  target: `/v2/${at}`,
  headers: { "content-type": INDEX },
  body: bytes,
});

export const postBlob = (repository: string, { bytes, digest }: Content): Asked => ({
  method: "POST",
  target: `/v2/${repository}/blobs/uploads/?digest=${digest}`,
  headers: { "content-type": "application/octet-stream" },
  body: bytes,
});

/** Whoever may do everything: arranges cases, and looks what came of them. */
export class Owner {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async ask(method: string, target: string): Promise<Answered> {
    return await this.#client.ask(OWNER_HEADER, { method, target: `/v2/${target}` });
  }

  /** @throws {Error} unless it is answered as it should be. */
  async make(asked: Asked, status = 201): Promise<Answered> {
    const answered = await this.#client.ask(OWNER_HEADER, asked);
    if (answered.status === status) return answered;
    throw new Error(`${asked.method} ${asked.target}: ${answered.outcome} ${answered.body}`);
  }

  async fill(): Promise<void> {
    for (const namespace of NAMESPACES) {
      const repository = `${namespace}/${EXISTING}`;
      await this.make(postBlob(repository, BLOB));
      await this.make(postBlob(repository, blobOf(namespace)));
      await this.make(putManifest(`${repository}/manifests/v1`, IMAGE));
      await this.make(putManifest(`${repository}/manifests/v1.sig`, REFERRER));
    }
    await this.make(postBlob(HIDDEN_REPOSITORY, HIDDEN_BLOB));
    await this.make(putManifest(`${HIDDEN_REPOSITORY}/manifests/${HIDDEN_TAG}`, HIDDEN_IMAGE));
  }
}

/** Numbers of one width, so that names made of them have one length. */
export class Names {
  #count = 0;

  next(letter: string): string {
    this.#count += 1;
    return `${letter}${this.#count.toString(36).padStart(EXISTING.length - 1, "0")}`;
  }
}

/** One actor at one repository. */
export interface Context {
  readonly credential: Credential;
  readonly namespace: Namespace;
  readonly repository: string;
  /** Whether the repository is there before the case. */
  readonly exists: boolean;
  readonly asks: Asks;
  readonly owner: Owner;
  readonly names: Names;
  /** As the actor. @param asked.target behind `/v2/`. */
  ask(asked: Asked): Promise<Answered>;
}

export interface Result {
  readonly expected: string;
  readonly observed: string;
  /** Of what is refused: the whole answer, which must be the same whether there is something or not. */
  readonly answer?: string | undefined;
}

export type Operation = (context: Context) => Promise<Result>;

/** What a write is answered, by the right that it takes. */
export function ifAllowed(isAllowed: boolean, allowed: string, { credential }: Context): string {
  return isAllowed ? allowed : refusal(credential, DENIED);
}

export function compare(
  answered: Answered,
  expected: string,
  { repository }: Pick<Context, "repository">,
): Result {
  const isRefused = expected.startsWith("4");
  return {
    expected,
    observed: answered.outcome,
    answer: isRefused ? answered.like(repository) : undefined,
  };
}
