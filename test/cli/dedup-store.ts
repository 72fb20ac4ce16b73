/** A store on the filesystem whose blobs go cold at once, and the config that says so. */
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { blobData, layerLink, PACKS } from "../../src/content/layout.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";
import { repo } from "../gc/planted-store.ts";
import { type ConfiguredStore, openConfiguredStore, say } from "./configured-store.ts";

export interface DedupStore extends ConfiguredStore {
  /** Gives the config another section `barge.dedup`. */
  configure(dedup: Readonly<Record<string, unknown>>): Promise<void>;
  /** Puts a blob there as a push leaves it. */
  push(bytes: Uint8Array): Promise<Digest>;
}

const AT_REST = { mode: "at-rest", cold: "0s", threads: 1, diskFloor: 0 };

export async function openDedupStore(): Promise<DedupStore> {
  const opened = await openConfiguredStore();
  const { store, config, root } = opened;
  const configure: DedupStore["configure"] = async (dedup) => {
    const storage = { filesystem: { rootdirectory: root } };
    const http = { addr: "127.0.0.1:5000" };
    const barge = { dedup: { ...AT_REST, ...dedup } };
    await writeFile(config, JSON.stringify({ version: 0.1, storage, http, barge }));
  };
  await configure({});
  return {
    ...opened,
    configure,
    push: async (bytes) => {
      const digest = digestOf(bytes);
      await store.put(blobData(digest), bytes);
      await store.put(layerLink(repo("shop/web"), digest), digest);
      return digest;
    },
  };
}

/** Layers that have much in common, each of them with itself, too far apart for gzip. */
export function gzipLayers(): readonly Buffer[] {
  const half = plainLayer({ seed: 7, sizeBytes: 160_000 });
  const layer = Buffer.concat([half, half]);
  const other = Buffer.from(layer);
  other.fill(7, 100_000, 100_100);
  return [layer, other].map((plain) => gzipSync(plain));
}

/** Nothing that may give up its data: it might be a manifest. */
export function largeDocument(): Buffer {
  return Buffer.from(JSON.stringify({ text: "x".repeat(70_000) }));
}

export interface ColdStores extends AsyncDisposable {
  /** A store of its own in which {@link gzipLayers} are cold. */
  open(): Promise<DedupStore>;
}

/** Makes blobs cold once, for several tests. */
export function coldStores(): ColdStores {
  let template: Promise<DedupStore> | undefined;
  const make = async (): Promise<DedupStore> => {
    const opened = await openDedupStore();
    for (const layer of gzipLayers()) await opened.push(layer);
    await goCold(opened);
    return opened;
  };
  return {
    open: async () => {
      template ??= make();
      const { root } = await template;
      const opened = await openDedupStore();
      await cp(root, opened.root, { recursive: true, preserveTimestamps: true });
      return opened;
    },
    [Symbol.asyncDispose]: async () => {
      await (await template)?.[Symbol.asyncDispose]();
    },
  };
}

/** Runs the work of the store and fails where it does. @returns what it came to. */
export async function goCold({ config }: Pick<DedupStore, "config">): Promise<{ cold: number }> {
  const { code, stdout, stderr } = await say(["dedup", "run", "--format", "json", config]);
  if (code !== 0) throw new Error(`${stderr}${stdout}`);
  return JSON.parse(stdout) as { cold: number };
}

/** All files of the store and what is in them, but those that Barge may lose. */
export async function treeOf({
  root,
}: Pick<DedupStore, "root">): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const tree = new Map<string, string>();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1);
    if (name === "barge" || name.startsWith("barge/state")) continue;
    tree.set(name, entry.isFile() ? digestOf(await readFile(path)) : "folder");
  }
  return new Map([...tree].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Changes a byte within the first frame of each pack. */
export async function damagePacks({ root }: Pick<DedupStore, "root">): Promise<void> {
  const folder = join(root, PACKS);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(path, bytes);
  }
}
