/**
 * Every move of every tag, kept for good: one small object per move, named so that names sort as the
 * moves came.
 *
 * An entry is written before the tag moves, so a tag never has a value that its history does not know.
 * After a crash in between the last entry tells of a move that did not happen; the next one's `from`
 * shows it.
 *
 * Of those who create a tag at the same moment one succeeds, and the others withdraw their entries: a
 * reader may see one of them for that long. What a crash before that leaves behind may stand on either
 * side of the entry of the move that did happen. Both have no `from`, and the next entry begins where
 * the right one ended; until there is a next one, the tag itself tells which it is.
 */
import { randomBytes } from "node:crypto";
import { type Digest, isDigest } from "../oci/digest.ts";
import { isJsonObject } from "../oci/descriptor.ts";
import type { Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import { readWhole } from "../storage/read-whole.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { tagHistoryFolder } from "./layout.ts";

export interface TagMove {
  readonly tag: Tag;
  readonly at: Date;
  /** `undefined`: the tag was not there before. */
  readonly from: Digest | undefined;
  /** `undefined`: the tag was deleted. */
  readonly to: Digest | undefined;
  /** Who moved it; empty when nobody had to say who they are. */
  readonly actor: string;
}

/** An entry as it lies in the store. */
export interface TagEntry {
  readonly key: string;
}

export interface TagHistory {
  /** @returns what {@link TagHistory.withdraw} takes. */
  append(repository: RepositoryName, move: TagMove, options: CallOptions): Promise<TagEntry>;
  /** Only for a move of which it is sure that nobody can have seen it happen. Idempotent. */
  withdraw(entry: TagEntry, options: CallOptions): Promise<void>;
  /** Oldest first. */
  read(repository: RepositoryName, tag: Tag, options: CallOptions): AsyncIterable<TagMove>;
}

const MAX_ENTRY_BYTES = 4096;

export function createTagHistory({ driver }: { readonly driver: StorageDriver }): TagHistory {
  const names = new EntryNames();
  return {
    async append(repository, move, { signal }) {
      const key = `${tagHistoryFolder(repository, move.tag)}/${names.next(move.at)}`;
      await driver.write(key, Buffer.from(formatMove(move)), { signal });
      return { key };
    },

    withdraw: ({ key }, { signal }) => driver.delete(key, { signal }),

    async *read(repository, tag, { signal }) {
      const folder = tagHistoryFolder(repository, tag);
      for await (const { kind, name } of driver.list(folder, { signal })) {
        if (kind !== "object") continue;
        const bytes = await readWhole(driver, `${folder}/${name}`, {
          signal,
          maxBytes: MAX_ENTRY_BYTES,
        });
        const move = bytes && parseMove(tag, bytes.toString());
        if (move !== undefined) yield move;
      }
    },
  };
}

const MAX_COUNT = 0xff_ff;

/**
 * Names that sort in the order in which this process asks for them, also within one millisecond and
 * when the clock is set back: `20261121T081256.123Z-`, four hex digits that count, and eight random
 * ones that keep the names of several processes apart.
 */
class EntryNames {
  #timeMs = 0;
  #count = 0;

  next(at: Date): string {
    const timeMs = Math.max(at.getTime(), this.#timeMs);
    this.#count = timeMs > this.#timeMs ? 0 : this.#count + 1;
    this.#timeMs = timeMs;
    if (this.#count > MAX_COUNT) return this.next(new Date(timeMs + 1));
    const time = new Date(timeMs).toISOString().replaceAll(/[-:]/g, "");
    const count = this.#count.toString(16).padStart(4, "0");
    return `${time}-${count}${randomBytes(4).toString("hex")}`;
  }
}

function formatMove({ at, from, to, actor }: TagMove): string {
  return JSON.stringify({ version: 1, at, from: from ?? null, to: to ?? null, actor });
}

/** `undefined` for what is no entry of ours; a later version's entries are not guessed at. */
function parseMove(tag: Tag, text: string): TagMove | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || value["version"] !== 1) return undefined;
  const at = new Date(String(value["at"]));
  if (Number.isNaN(at.getTime())) return undefined;
  const { actor } = value;
  return {
    tag,
    at,
    from: digestIn(value["from"]),
    to: digestIn(value["to"]),
    actor: typeof actor === "string" ? actor : "",
  };
}

function digestIn(value: unknown): Digest | undefined {
  return typeof value === "string" && isDigest(value) ? value : undefined;
}
