/** A blob upload as a client sees it: an opaque URL that moves with every step. */
import type { Answer, RegistryClient } from "./client.ts";
import type { RequestParts } from "./client.ts";
import { OCTET_STREAM } from "./documents.ts";
import { locationOf } from "./expectations.ts";

export interface Chunk {
  readonly bytes: Uint8Array;
  /** Where the chunk says it starts; without it no Content-Range is sent. */
  readonly startBytes?: number;
  /** More headers, or others for Content-Range and Content-Type. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class UploadSession {
  readonly #client: RegistryClient;
  #location: URL;

  /** @param started the 202 that opened the session. */
  constructor(client: RegistryClient, started: Answer) {
    this.#client = client;
    this.#location = locationOf(started);
  }

  /** The newest URL. */
  get location(): URL {
    return this.#location;
  }

  /** Sends one chunk with a length. */
  async patch(chunk: Chunk, at: URL = this.#location): Promise<Answer> {
    return this.#step(await this.#client.send("PATCH", at, partsOf(chunk)));
  }

  /** Sends pieces without a length and without a range, as docker sends layers. */
  async stream(pieces: readonly Uint8Array[]): Promise<Answer> {
    const headers = { "content-type": OCTET_STREAM };
    return this.#step(await this.#client.send("PATCH", this.#location, { headers, body: pieces }));
  }

  /** Asks where the session stands. */
  async status(at: URL = this.#location): Promise<Answer> {
    return this.#step(await this.#client.send("GET", at));
  }

  /** @param digest goes behind whatever query the URL has; `undefined` leaves it out. */
  async finish(
    digest: string | undefined,
    last: Chunk = { bytes: new Uint8Array() },
  ): Promise<Answer> {
    const url = new URL(this.#location);
    if (digest !== undefined) url.searchParams.append("digest", digest);
    return this.#client.send("PUT", url, partsOf(last));
  }

  async cancel(): Promise<Answer> {
    return this.#client.send("DELETE", this.#location);
  }

  #step(answer: Answer): Answer {
    const isStep = answer.status === 202 || answer.status === 204;
    if (isStep && answer.header("location") !== undefined) this.#location = locationOf(answer);
    return answer;
  }
}

/** `first-last` of a chunk, both inclusive, as the spec writes it: no unit, no total. */
function contentRange(startBytes: number, sizeBytes: number): string {
  return `${startBytes}-${startBytes + sizeBytes - 1}`;
}

function partsOf(chunk: Chunk): RequestParts {
  const { bytes, startBytes, headers } = chunk;
  const range =
    startBytes === undefined ? {} : { "content-range": contentRange(startBytes, bytes.byteLength) };
  return { headers: { "content-type": OCTET_STREAM, ...range, ...headers }, body: bytes };
}
