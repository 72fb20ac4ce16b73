/** Tags: names that move from manifest to manifest. Each move is in the history before it happens. */
import { KeyedLock } from "../lib/keyed-lock.ts";
import { pooledMap } from "../lib/pooled-map.ts";
import type { Digest } from "../oci/digest.ts";
import { isTag, type Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { manifestsFolder, tagCurrentLink, tagFolder, tagIndexLink, tagsFolder } from "./layout.ts";
import type { Links } from "./links.ts";
import type { TagHistory } from "./tag-history.ts";

/** Who does it, for the history. */
export interface ActorOptions extends CallOptions {
  readonly actor: string;
}

export interface TagStore {
  resolve(repository: RepositoryName, tag: Tag, options: CallOptions): Promise<Digest | undefined>;
  /** The manifest must be there already. Resolves once the move is durable. */
  set(
    repository: RepositoryName,
    move: { readonly tag: Tag; readonly to: Digest },
    options: ActorOptions,
  ): Promise<void>;
  /**
   * Also removes what a first push that was cut off has left of a tag.
   * @param options.pointingTo leaves the tag alone unless it points to one of these now.
   * @returns whether the tag was there.
   */
  delete(
    repository: RepositoryName,
    tag: Tag,
    options: ActorOptions & { readonly pointingTo?: ReadonlySet<Digest> },
  ): Promise<boolean>;
  /** All tags in ascending byte order; `undefined` when there is no such repository. */
  list(repository: RepositoryName, options: CallOptions): Promise<readonly Tag[] | undefined>;
  /** The tags that point to one of these digests now. Reads every tag of the repository. */
  pointingTo(
    repository: RepositoryName,
    digests: ReadonlySet<Digest>,
    options: CallOptions,
  ): Promise<readonly Tag[]>;
}

interface Deps {
  readonly driver: StorageDriver;
  readonly links: Links;
  readonly history: TagHistory;
  readonly now: () => Date;
  /** How many tags are read at a time by {@link TagStore.pointingTo}. */
  readonly concurrency: number;
}

export function createTagStore({ driver, links, history, now, concurrency }: Deps): TagStore {
  const moving = new KeyedLock();

  const resolve: TagStore["resolve"] = (repository, tag, options) =>
    links.read(tagCurrentLink(repository, tag), options);

  async function* tagsOf(repository: RepositoryName, { signal }: CallOptions): AsyncGenerator<Tag> {
    for await (const { kind, name } of driver.list(tagsFolder(repository), { signal })) {
      if (kind === "prefix" && isTag(name)) yield name;
    }
  }

  return {
    resolve,

    set: (repository, { tag, to }, { signal, actor }) =>
      moving.run(tagFolder(repository, tag), async () => {
        const from = await resolve(repository, tag, { signal });
        if (from !== to) {
          await history.append(repository, { tag, at: now(), from, to, actor }, { signal });
        }
        await links.write(tagIndexLink(repository, tag, to), to, { signal });
        await links.write(tagCurrentLink(repository, tag), to, { signal });
      }),

    delete: (repository, tag, { signal, actor, pointingTo }) =>
      moving.run(tagFolder(repository, tag), async () => {
        const from = await resolve(repository, tag, { signal });
        if (pointingTo && (from === undefined || !pointingTo.has(from))) return false;
        if (from !== undefined) {
          const move = { tag, at: now(), from, to: undefined, actor };
          await history.append(repository, move, { signal });
        }
        await driver.deleteTree(tagFolder(repository, tag), { signal });
        return from !== undefined;
      }),

    async list(repository, { signal }) {
      const tags = await Array.fromAsync(tagsOf(repository, { signal }));
      if (tags.length > 0) return tags.toSorted(byBytes);
      for await (const _ of driver.list(manifestsFolder(repository), { signal })) return [];
      return undefined;
    },

    async pointingTo(repository, digests, { signal }) {
      const tags = tagsOf(repository, { signal });
      const pointing = pooledMap(tags, concurrency, async (tag) => {
        const digest = await resolve(repository, tag, { signal });
        return digest !== undefined && digests.has(digest) ? tag : undefined;
      });
      const found = await Array.fromAsync(pointing);
      return found.filter((tag) => tag !== undefined);
    },
  };
}

function byBytes(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
