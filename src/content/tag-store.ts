/** Tags: names that move from manifest to manifest. Each move is in the history before it happens. */
import { KeyedLock } from "../lib/keyed-lock.ts";
import { pooledMap } from "../lib/pooled-map.ts";
import type { Digest } from "../oci/digest.ts";
import { isTag, type Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { createTag } from "./create-tag.ts";
import { TagExists } from "./errors.ts";
import { foldersByName } from "./folders-by-name.ts";
import { manifestsFolder, tagCurrentLink, tagFolder, tagIndexLink, tagsFolder } from "./layout.ts";
import type { Links } from "./links.ts";
import type { TagHistory } from "./tag-history.ts";

/** Who does it, for the history. */
export interface ActorOptions extends CallOptions {
  readonly actor: string;
}

/** What somebody who sets tags may do. */
export interface TagSetOptions extends ActorOptions {
  /** Whether a tag that points to another manifest may be moved. */
  readonly mayOverwrite: boolean;
}

export interface TagListOptions extends CallOptions {
  /** Any text; it need not be a tag that is there. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

export interface TagStore {
  resolve(repository: RepositoryName, tag: Tag, options: CallOptions): Promise<Digest | undefined>;
  /**
   * The manifest must be there already. Resolves once the move is durable. Who may not overwrite cannot
   * come in between another's look and move either, in whatever process that one is.
   * @returns what it pointed to before.
   * @throws {TagExists}
   */
  set(
    repository: RepositoryName,
    move: { readonly tag: Tag; readonly to: Digest },
    options: TagSetOptions,
  ): Promise<Digest | undefined>;
  /**
   * Also removes what a first push that was cut off has left of a tag.
   * @param options.pointingTo leaves the tag alone unless it points to one of these now.
   * @returns what it pointed to; `undefined` when the tag was not there, or was left alone.
   */
  delete(
    repository: RepositoryName,
    tag: Tag,
    options: ActorOptions & { readonly pointingTo?: ReadonlySet<Digest> },
  ): Promise<Digest | undefined>;
  /**
   * The tags behind `after` in ascending byte order, at most `limit`: all when both are left out. A
   * page costs what it holds. @returns `undefined` when there is no such repository.
   */
  list(repository: RepositoryName, options: TagListOptions): Promise<readonly Tag[] | undefined>;
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

    set: (repository, { tag, to }, { signal, actor, mayOverwrite }) =>
      moving.run(tagFolder(repository, tag), async () => {
        if (!mayOverwrite) {
          const creation = { repository, tag, to, actor };
          return await createTag(creation, { links, history, now }, { signal });
        }
        const from = await resolve(repository, tag, { signal });
        if (from !== to) {
          await history.append(repository, { tag, at: now(), from, to, actor }, { signal });
        }
        await links.write(tagIndexLink(repository, tag, to), to, { signal });
        await links.write(tagCurrentLink(repository, tag), to, { signal });
        return from;
      }),

    delete: (repository, tag, { signal, actor, pointingTo }) =>
      moving.run(tagFolder(repository, tag), async () => {
        const from = await resolve(repository, tag, { signal });
        if (pointingTo && (from === undefined || !pointingTo.has(from))) return undefined;
        if (from !== undefined) {
          const move = { tag, at: now(), from, to: undefined, actor };
          await history.append(repository, move, { signal });
        }
        await driver.deleteTree(tagFolder(repository, tag), { signal });
        return from;
      }),

    list: (repository, options) => listTags(repository, { driver, ...options }),

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

/** Asked before anything of a push is stored: of several tags none is set when one may not be. @throws {TagExists} */
export function refuseOverwrite(
  { tag, from, to }: { readonly tag: Tag; readonly from: Digest | undefined; readonly to: Digest },
  mayOverwrite: boolean,
): void {
  if (from !== undefined && from !== to && !mayOverwrite) throw new TagExists(tag);
}

async function listTags(
  repository: RepositoryName,
  {
    driver,
    signal,
    after = "",
    limit = Infinity,
  }: TagListOptions & { readonly driver: StorageDriver },
): Promise<readonly Tag[] | undefined> {
  // One more, for the folder of `after` itself comes first.
  const page = { driver, signal, after, ahead: limit + 1, accepts: isTag };
  const tags: Tag[] = [];
  for await (const chunk of foldersByName(tagsFolder(repository), page)) {
    for (const step of chunk) if (isTag(step)) tags.push(step);
    if (tags.length >= limit) break;
  }
  if (tags.length > 0) return tags.slice(0, limit);
  for await (const _ of driver.list(manifestsFolder(repository), { signal })) return [];
  return undefined;
}
