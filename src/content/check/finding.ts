/** What a check of the store finds. */

/** Each breaks a promise of the store: something that a client may ask for is not there as it should be. */
export type ViolationKind =
  /** A tag points to a manifest that the repository does not hold, or whose data is gone. */
  | "dangling-tag"
  /** A link that holds no digest. */
  | "unreadable-link"
  /** A link under a sha256 digest that holds another digest. */
  | "misdirected-link"
  /** The repository holds a manifest whose data is gone. */
  | "dangling-revision"
  /** The repository holds a blob whose data is gone. */
  | "dangling-layer-link"
  /** A manifest needs something that its repository does not hold, or whose data is gone. */
  | "incomplete-manifest"
  /** What lies under a manifest's digest is no manifest. */
  | "manifest-invalid"
  /** An entry of the referrers index whose manifest is gone, or refers to something else. */
  | "dangling-referrer"
  /** An upload that does not say when it began, so that nothing will ever remove it. */
  | "dangling-upload"
  /** Data has another digest than its name. */
  | "wrong-bytes"
  /** A blob without data cannot be made again of what the store has. */
  | "unmakeable-blob"
  /** How a blob is made cannot be read: one without data is lost until it is pushed again. */
  | "damaged-recipe"
  /** A pack that was cut short, or has bytes that are not those that were put there. */
  | "damaged-pack";

/** Worth knowing, and no fault. */
export type NoteKind =
  /** A manifest of Docker's first format: kept, and looked into no further. */
  | "schema-1-manifest"
  /** The folder of a tag that points nowhere: its first push was cut off. Pushing or deleting the tag heals it. */
  | "unfinished-tag"
  /** A manifest says another size of something than it has, whose bytes are right: whoever pushed it said so. */
  | "wrong-size"
  /** A folder that this program does not know. */
  | "unknown-folder"
  /** A blob that could not be made again, and counts as absent until it is pushed again or what it lacks is back. */
  | "quarantined-blob";

export interface Violation {
  readonly level: "violation";
  readonly kind: ViolationKind;
  /** The storage key it is about. */
  readonly where: string;
  /** A sentence for the operator. */
  readonly detail: string;
  /** A server that runs meanwhile may be in the middle of it. */
  readonly maybeInProgress?: true;
}

export interface Note {
  readonly level: "note";
  readonly kind: NoteKind;
  /** The storage key it is about. */
  readonly where: string;
  /** A sentence for the operator. */
  readonly detail: string;
}

export type Finding = Violation | Note;

/** What a check counts. */
export const COUNTED = [
  "repositories",
  /** Revision links: a manifest counts once per repository and digest. */
  "manifests",
  /** Data of layers, configs and manifests. */
  "blobs",
  /** Blobs that have no data, and are made again when they are read. */
  "coldBlobs",
  /** How blobs are made, of those with and without data. */
  "recipes",
  /** Objects that hold chunks of blobs. */
  "packs",
  "tags",
  "layerLinks",
  "uploads",
  /** Entries of the referrers index. */
  "referrers",
  /** Manifests with a subject that the index does not name, as other programs leave them; no fault. */
  "unindexedReferrers",
  /** Of the data of all blobs together. */
  "bytes",
] as const;

/** How much was looked at. */
export type CheckedCounts = Readonly<Record<(typeof COUNTED)[number], number>>;

export const NO_COUNTS: CheckedCounts = {
  repositories: 0,
  manifests: 0,
  blobs: 0,
  coldBlobs: 0,
  recipes: 0,
  packs: 0,
  tags: 0,
  layerLinks: 0,
  uploads: 0,
  referrers: 0,
  unindexedReferrers: 0,
  bytes: 0,
};

export function addCounts(sum: CheckedCounts, more: Partial<CheckedCounts>): CheckedCounts {
  const total: Record<keyof CheckedCounts, number> = { ...sum };
  for (const name of COUNTED) total[name] += more[name] ?? 0;
  return total;
}

/** What came of looking at one thing. */
export interface Examined {
  readonly counts: Partial<CheckedCounts>;
  readonly findings: readonly Finding[];
}

/** For a thing that went away before it was looked at. */
export const NOTHING_THERE: Examined = { counts: {}, findings: [] };

export function violation(kind: ViolationKind, where: string, detail: string): Violation {
  return { level: "violation", kind, where, detail };
}

export function note(kind: NoteKind, where: string, detail: string): Note {
  return { level: "note", kind, where, detail };
}

/** Equal for two findings that say the same of the same thing. */
export function identityOf({ kind, where, detail }: Finding): string {
  return JSON.stringify([kind, where, detail]);
}
