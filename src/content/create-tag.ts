/**
 * Setting tags for those who may not move them: a tag is created or left as it is, whoever else sets it,
 * in whatever process.
 */
import type { Digest } from "../oci/digest.ts";
import type { Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions } from "../storage/storage-driver.ts";
import { TagExists } from "./errors.ts";
import { tagCurrentLink, tagIndexLink } from "./layout.ts";
import type { Links } from "./links.ts";
import type { TagEntry, TagHistory, TagMove } from "./tag-history.ts";

/** A link that is there and tells nothing, so often in a row, is damaged. */
const LOOKS = 4;

export interface TagCreation {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly to: Digest;
  readonly actor: string;
}

interface Place extends CallOptions {
  readonly repository: RepositoryName;
  readonly history: TagHistory;
  readonly now: () => Date;
}

interface Deps {
  readonly links: Links;
  readonly history: TagHistory;
  readonly now: () => Date;
}

/**
 * Resolves once the tag is there, durably. The entry in the history is written before the tag and
 * withdrawn when somebody else was first. A damaged link is replaced: that is what heals it, and two
 * who heal the same one at the same moment are not kept apart.
 * @returns what it pointed to before: the same, or `undefined`.
 * @throws {TagExists} when it points to another manifest.
 */
export async function createTag(
  { repository, tag, to, actor }: TagCreation,
  { links, history, now }: Deps,
  { signal }: CallOptions,
): Promise<Digest | undefined> {
  const current = tagCurrentLink(repository, tag);
  const move = { tag, from: undefined, to, actor };
  const entry = new Entry(move, { repository, history, now, signal });
  for (let look = 1; ; look += 1) {
    const from = await links.read(current, { signal });
    if (from !== undefined && from !== to) {
      await entry.withdraw();
      throw new TagExists(tag);
    }
    if (from === undefined) await entry.append();
    if (look === 1) await links.write(tagIndexLink(repository, tag, to), to, { signal });
    if (await links.create(current, to, { signal })) {
      // If it has been deleted since the look, nobody could know that this would be a move.
      await entry.append();
      return undefined;
    }
    if (from === to) {
      await entry.withdraw();
      return from;
    }
    if (look === LOOKS) {
      await links.write(current, to, { signal });
      return undefined;
    }
  }
}

/** The entry of one move in the history: there once at most. */
class Entry {
  readonly #move: Omit<TagMove, "at">;
  readonly #place: Place;
  #written: TagEntry | undefined;

  constructor(move: Omit<TagMove, "at">, place: Place) {
    this.#move = move;
    this.#place = place;
  }

  async append(): Promise<void> {
    const { history, repository, now, signal } = this.#place;
    this.#written ??= await history.append(repository, { ...this.#move, at: now() }, { signal });
  }

  async withdraw(): Promise<void> {
    const { history, signal } = this.#place;
    if (this.#written !== undefined) await history.withdraw(this.#written, { signal });
  }
}
