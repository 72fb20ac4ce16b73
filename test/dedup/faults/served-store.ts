/** A store on the filesystem whose blobs go cold at once, served in the test's own process, again and again. */
import { mkdtempDisposable, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKS } from "../../../src/content/layout.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { FilesystemDriver } from "../../../storage-drivers/filesystem/filesystem-driver.ts";
import { readDirectory } from "../../../src/chunks/packs/read-pack.ts";
import { collect, calm } from "../../contracts/storage-subject.ts";
import { openServed, type ServedRegistry } from "../../fixtures/in-process-registry.ts";
import { sourceOf } from "../../chunks/packs/pack-in-memory.ts";
import { damage, keysBelow } from "../at-rest-store.ts";
import { head, pull, type Pulled, stateOf } from "./fault-store.ts";

/** What of a pack has one bit flipped. */
type PackPart = "start" | "head" | "body" | "directory" | "trailer";

const INDEX = "chunks.sqlite";
const FRAME_START_BYTES = 16;
const TRAILER_BYTES = 20;

/** Dispose ends its server and removes it. */
export class ServedStore implements AsyncDisposable {
  readonly config: string;
  readonly driver: FilesystemDriver;
  readonly #sections: Readonly<Record<string, unknown>>;
  readonly #stateDirectory: string;
  readonly #resources: AsyncDisposableStack;
  #served: ServedRegistry;

  static async open(): Promise<ServedStore> {
    const resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-faults-"))).path;
    const rootDirectory = join(folder, "data");
    const driver = resources.use(await FilesystemDriver.open({ rootDirectory, maxThreads: 25 }));
    const stateDirectory = join(folder, "state");
    const sections = {
      storage: { filesystem: { rootdirectory: rootDirectory } },
      http: { addr: "127.0.0.1:0" },
      log: { level: "error", accesslog: { disabled: true } },
      barge: {
        state: { directory: stateDirectory },
        dedup: { mode: "at-rest", cold: "0s", threads: 1, diskFloor: 0 },
      },
    };
    const config = join(folder, "config.yml");
    await writeFile(config, JSON.stringify({ version: 0.1, ...sections }));
    const served = await openServed(sections);
    return new ServedStore({ config, driver, sections, stateDirectory, served, resources });
  }

  private constructor(parts: {
    readonly config: string;
    readonly driver: FilesystemDriver;
    readonly sections: Readonly<Record<string, unknown>>;
    readonly stateDirectory: string;
    readonly served: ServedRegistry;
    readonly resources: AsyncDisposableStack;
  }) {
    this.config = parts.config;
    this.driver = parts.driver;
    this.#sections = parts.sections;
    this.#stateDirectory = parts.stateDirectory;
    this.#served = parts.served;
    this.#resources = parts.resources;
  }

  get origin(): URL {
    return new URL(this.#served.address);
  }

  /** Ends the server and starts another one. @param meanwhile done when none runs. */
  async restart(meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.#served.stop();
    await meanwhile();
    this.#served = await openServed(this.#sections);
  }

  /** As {@link restart}, and what it knew of packs is lost meanwhile. */
  async restartWithoutIndex(): Promise<void> {
    await this.restart(() => this.deleteIndex());
  }

  async deleteIndex(): Promise<void> {
    for (const suffix of ["", "-wal", "-shm"]) {
      await rm(join(this.#stateDirectory, `${INDEX}${suffix}`), { force: true });
    }
  }

  /** As {@link restart}, and the index is damaged meanwhile. @param spoil changes the file's bytes. */
  async restartWithIndex(spoil: (bytes: Buffer) => void): Promise<void> {
    await this.restart(async () => {
      const path = join(this.#stateDirectory, INDEX);
      const bytes = await readFile(path);
      spoil(bytes);
      await writeFile(path, bytes);
    });
  }

  pull(digest: Digest, range?: string): Promise<Pulled> {
    return pull(this, digest, range);
  }

  head(digest: Digest): Promise<number> {
    return head(this, digest);
  }

  stateOf(digest: Digest): ReturnType<typeof stateOf> {
    return stateOf(this, digest);
  }

  /** Flips a bit in that part of every pack: of its first frame, where it is a frame's. */
  async flip(part: PackPart): Promise<void> {
    for (const key of await keysBelow(this.driver, PACKS)) {
      const pack = await collect(this.driver.read(key, calm()));
      const [frame] = await readDirectory(sourceOf(pack));
      if (frame === undefined) throw new Error("a pack has frames");
      const places = {
        start: frame.at + 2,
        head: frame.at + FRAME_START_BYTES + 1,
        body: frame.at + frame.sizeBytes - 20,
        directory: Number(pack.readBigUInt64LE(pack.length - TRAILER_BYTES)) + 12,
        trailer: pack.length - 3,
      };
      await damage(this.driver, [key], () => places[part]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#served.stop();
    await this.#resources[Symbol.asyncDispose]();
  }
}
