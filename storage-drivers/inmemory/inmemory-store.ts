import type { ByteList } from "./byte-list.ts";
import { SortedMap } from "./sorted-map.ts";

export interface StoredBytes {
  readonly bytes: ByteList;
  readonly modifiedAt: Date;
}

/** Never changed but for its bytes, and then another one with another `version` takes its place. */
export interface StagedBytes extends StoredBytes {
  readonly version: string;
}

/** What several drivers may share, as several processes share a disk. */
export interface InMemoryStore {
  readonly objects: SortedMap<StoredBytes>;
  readonly staged: Map<string, StagedBytes>;
}

/** An empty one. */
export function createInMemoryStore(): InMemoryStore {
  return { objects: new SortedMap(), staged: new Map() };
}
