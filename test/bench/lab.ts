/** What rows work with: folders, servers and clients, all of which go when the bench ends. */
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { get as getPlain, type IncomingMessage } from "node:http";
import { get as getTls } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificateFiles, writeCertificate } from "../fixtures/certificates.ts";
import { freePort } from "../fixtures/free-port.ts";
import { openMemoryCgroup } from "./cgroup.ts";
import {
  blobTarget,
  DataSet,
  MANIFEST_HEADERS,
  pushStored,
  type StoredBlob,
  type StoredImage,
} from "./data-set.ts";
import type { ReadRequest } from "./load-job.ts";
import { type RunningServer, startServer } from "./server-process.ts";
import type { System } from "./systems.ts";

export interface OpenOptions {
  /** `shared`: the data set, which nothing may write to. Otherwise an empty directory. */
  readonly data: "shared" | "own" | { readonly directory: string };
  /** Served in any case, even by a system that keeps its data in another layout. */
  readonly blobs?: readonly StoredBlob[];
  readonly image?: StoredImage;
  readonly hasTls?: boolean;
  readonly memoryLimitBytes?: number;
}

export interface OpenedServer extends RunningServer {
  readonly dataDirectory: string;
  /** The folder of its memory cgroup. */
  readonly cgroup: string | undefined;
}

/** Where the bench keeps its data. */
export class Lab {
  /** The one directory with everything large. */
  readonly directory = join(tmpdir(), "barge-bench");
  readonly dataSet = new DataSet(join(this.directory, "data"));
  #count = 0;

  /** Removes what servers have kept, and the data set too unless it is to be kept. */
  async clear({ keep }: { readonly keep: boolean }): Promise<void> {
    const path = keep ? join(this.directory, "servers") : this.directory;
    await rm(path, { recursive: true, force: true });
  }

  /** @param resources stops the server, then removes its own directory. */
  async open(
    resources: AsyncDisposableStack,
    system: System,
    options: OpenOptions,
  ): Promise<OpenedServer> {
    const program = system.program();
    if (program === undefined) throw new Error("is not installed");
    const folder = join(this.directory, "homes", system.name);
    const dataDirectory = await this.#dataDirectory(resources, system, options.data);
    const tls = options.hasTls === true ? await this.#certificate() : undefined;
    const cgroup = await this.#cgroup(resources, system, options.memoryLimitBytes);
    const port = await freePort();
    const launch = await system.launch(program, { dataDirectory, folder, port, tls });
    const origin = new URL(`${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`);
    const server = await startServer(resources, { ...launch, origin, cgroup });
    if (system.layout === "own" && options.data === "shared") {
      await pushStored(origin, options.blobs ?? [], options.image);
    }
    return { ...server, dataDirectory, cgroup };
  }

  async #dataDirectory(
    resources: AsyncDisposableStack,
    { name, layout }: System,
    data: OpenOptions["data"],
  ): Promise<string> {
    if (typeof data !== "string") return data.directory;
    if (data === "shared" && layout === "reference") return this.dataSet.directory;
    this.#count += 1;
    const directory = join(this.directory, "servers", `${name}-${this.#count}`);
    await mkdir(directory, { recursive: true });
    resources.defer(async () => rm(directory, { recursive: true, force: true }));
    return directory;
  }

  async #certificate(): Promise<CertificateFiles> {
    const folder = join(this.directory, "tls");
    await mkdir(folder, { recursive: true });
    return await writeCertificate(folder, "127.0.0.1");
  }

  async #cgroup(
    resources: AsyncDisposableStack,
    { name }: System,
    limitBytes: number | undefined,
  ): Promise<string | undefined> {
    if (limitBytes === undefined) return undefined;
    this.#count += 1;
    return await openMemoryCgroup(resources, `${name}-${this.#count}`, limitBytes);
  }
}

/** Reads a blob and checks its bytes. @throws {Error} when they are not the right ones. */
export async function checkBlob(origin: URL, blob: StoredBlob): Promise<void> {
  await checkDigest(origin, { target: blobTarget(blob), status: 200 }, blob.digest);
}

/** @throws {Error} when what is read has another digest or comes with another status. */
export async function checkDigest(
  origin: URL,
  { target, status, headers }: ReadRequest,
  digest: string,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const get = origin.protocol === "https:" ? getTls : getPlain;
  const all = { ...MANIFEST_HEADERS, ...headers };
  const options = { agent: false, rejectUnauthorized: false, headers: all };
  get(new URL(target, origin), options, resolve).once("error", reject);
  const incoming = await promise;
  const hash = createHash("sha256");
  for await (const piece of incoming) hash.update(piece as Buffer);
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual === digest && incoming.statusCode === status) return;
  throw new Error(
    `${target} was answered with ${incoming.statusCode} and has the digest ${actual}`,
  );
}
