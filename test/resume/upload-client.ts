/** A client that pushes one blob and goes on wherever the registry says that the upload is. */
import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { type Digest, Digester } from "../../src/oci/digest.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
}

/** A `PATCH` that is under way. */
export interface HeldPatch {
  /** Resolves when the bytes are out of this process's hands, or can no longer be sent. */
  readonly send: (bytes: Uint8Array) => Promise<void>;
  /** @returns `undefined` when the connection broke before there was an answer. */
  readonly answer: Promise<Answer | undefined>;
  /** Breaks the connection. */
  readonly drop: () => void;
}

const MAX_POLLS = 20_000;

/** An upload, by the path of its session: the registry that serves it may change. */
export class UploadClient {
  readonly #repository: string;
  #path = "";

  constructor(repository: string) {
    this.#repository = repository;
  }

  /** The id of the session. */
  get id(): string {
    return this.#path.slice(this.#path.lastIndexOf("/") + 1);
  }

  async begin(origin: URL): Promise<void> {
    const path = `/v2/${this.#repository}/blobs/uploads/`;
    const { status, headers } = await call(origin, { method: "POST", path });
    if (status !== 202) throw new Error(`POST was answered with ${status}`);
    this.#path = new URL(headers.location ?? "", origin).pathname;
  }

  /** @returns how many bytes the registry says that it has; `undefined` when the upload is not known. */
  async sizeBytes(origin: URL, agent?: Agent): Promise<number | undefined> {
    const { status, headers } = await call(origin, { method: "GET", path: this.#path, agent });
    if (status === 404) return undefined;
    const range = /^0-(\d+)$/.exec(headers.range ?? "");
    if (status !== 204 || range === null) throw new Error(`${status}, Range: ${headers.range}`);
    const last = Number(range[1]);
    return last === 0 ? 0 : last + 1; // nobody here sends a single byte
  }

  /** Asks until the registry has more than `bytes`: it has then taken part of what is on its way. */
  async waitForMoreThan(bytes: number, origin: URL): Promise<void> {
    const agent = new Agent({ keepAlive: true });
    using _ = { [Symbol.dispose]: () => agent.destroy() };
    for (let poll = 0; poll < MAX_POLLS; poll += 1) {
      if (((await this.sizeBytes(origin, agent)) ?? 0) > bytes) return;
    }
    throw new Error(`still not more than ${bytes} bytes`);
  }

  async patch(origin: URL, bytes: Uint8Array, startBytes: number): Promise<Answer> {
    const held = this.hold(origin, { startBytes, lengthBytes: bytes.byteLength });
    await held.send(bytes);
    const answer = await held.answer;
    if (answer === undefined) throw new Error("the connection broke");
    return answer;
  }

  /** Begins a `PATCH` of so many bytes; they are to be sent. */
  hold(
    origin: URL,
    { startBytes, lengthBytes }: { readonly startBytes: number; readonly lengthBytes: number },
  ): HeldPatch {
    const outgoing = open(origin, {
      method: "PATCH",
      path: this.#path,
      headers: {
        "Content-Type": "application/octet-stream",
        "Content-Length": lengthBytes,
        "Content-Range": `${startBytes}-${startBytes + lengthBytes - 1}`,
      },
    });
    const answer = answerOf(outgoing);
    return {
      answer,
      drop: () => outgoing.destroy(),
      async send(bytes) {
        const { promise, resolve } = Promise.withResolvers<void>();
        outgoing.write(bytes, () => resolve());
        await Promise.race([promise, answer]);
      },
    };
  }

  /** @returns `undefined` when the connection broke before there was an answer. */
  commit(origin: URL, digest: Digest): Promise<Answer | undefined> {
    const path = `${this.#path}?digest=${digest}`;
    const outgoing = open(origin, { method: "PUT", path, headers: { "Content-Length": 0 } });
    outgoing.end();
    return answerOf(outgoing);
  }

  async hasBlob(origin: URL, digest: Digest): Promise<boolean> {
    const path = `/v2/${this.#repository}/blobs/${digest}`;
    return (await call(origin, { method: "HEAD", path })).status === 200;
  }

  /** @returns the digest of what the registry sends. */
  async pull(origin: URL, digest: Digest): Promise<Digest> {
    const response = await fetch(new URL(`/v2/${this.#repository}/blobs/${digest}`, origin));
    const digester = new Digester("sha256");
    if (response.body) for await (const chunk of response.body) digester.update(chunk);
    return digester.digest();
  }
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** Default: a connection of its own. */
  readonly agent?: Agent | undefined;
}

function open(origin: URL, { method, path, headers = {}, agent }: Call): ClientRequest {
  return request(new URL(path, origin), { method, headers, agent: agent ?? false });
}

async function call(origin: URL, options: Call): Promise<Answer> {
  const outgoing = open(origin, options);
  outgoing.end();
  const answer = await answerOf(outgoing);
  if (answer === undefined) throw new Error(`${options.method}: the connection broke`);
  return answer;
}

async function answerOf(outgoing: ClientRequest): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage | undefined>();
  outgoing.once("response", resolve);
  // A request may fail more than once; only the first time tells anything.
  outgoing.on("error", () => resolve(undefined));
  outgoing.once("close", () => resolve(undefined));
  const incoming = await promise;
  if (incoming === undefined) return undefined;
  incoming.resume();
  if (!incoming.complete) await once(incoming, "close");
  return { status: incoming.statusCode ?? 0, headers: incoming.headers };
}
