/** Judges entries of the referrers index, uploads and data. */
import { isJsonObject } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { readWhole } from "../../storage/read-whole.ts";
import {
  referrerEntry,
  revisionLink,
  uploadData,
  uploadFolder,
  uploadStartedAt,
} from "../layout.ts";
import type { UploadId } from "../upload-id.ts";
import { readStartedAt } from "../upload-purge.ts";
import { wrongBytes } from "./examine-revision.ts";
import { type Examined, NOTHING_THERE, type Violation, violation } from "./finding.ts";
import { hashData } from "./hash-data.ts";
import type { Look } from "./look.ts";
import type { RepositoryPlace } from "./stored-link.ts";
import { readStoredManifest } from "./stored-manifest.ts";

interface ReferrerPlace extends RepositoryPlace {
  readonly subject: Digest;
  readonly referrer: Digest;
}

/** Annotations may fill most of a manifest, and an entry repeats them. */
const MAX_ENTRY_BYTES = 8 * 1024 * 1024;

export async function examineReferrer(place: ReferrerPlace, look: Look): Promise<Examined> {
  const { driver, name, subject, referrer } = place;
  const where = referrerEntry(name, subject, referrer);
  const entry = await readWhole(driver, where, { ...look, maxBytes: MAX_ENTRY_BYTES });
  if (entry === undefined) return NOTHING_THERE;
  const fault = isDescriptor(entry)
    ? await referrerFault(place, look)
    : "the entry cannot be read, so that the referrer is not listed";
  const findings = fault === undefined ? [] : [violation("dangling-referrer", where, fault)];
  return { counts: { referrers: 1 }, findings };
}

function isDescriptor(entry: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(entry.toString());
    if (!isJsonObject(value)) return false;
    return typeof value["mediaType"] === "string" && typeof value["size"] === "number";
  } catch {
    return false;
  }
}

/** What is wrong with the manifest itself is told where its revision is judged. */
async function referrerFault(
  { driver, name, subject, referrer }: ReferrerPlace,
  look: Look,
): Promise<string | undefined> {
  const link = await look.link(revisionLink(name, referrer));
  if (link.state === "absent") return `manifest ${referrer} is gone`;
  if (link.state === "unreadable") return undefined;
  const stored = await readStoredManifest(driver, link.digest, look);
  if (stored.state !== "parsed" || stored.manifest.subject?.digest === subject) return undefined;
  return `the subject of ${referrer} is ${stored.manifest.subject?.digest ?? "nothing"}`;
}

/** An empty folder is what the last step of an ended upload may leave on a filesystem; it is no upload. */
export async function examineUpload(
  { driver, name, id }: RepositoryPlace & { readonly id: UploadId },
  { signal }: Look,
): Promise<Examined> {
  const startedAt = await readStartedAt(driver, uploadStartedAt(name, id), { signal });
  const staged = await driver.staging.stat(uploadData(name, id), { signal });
  const folder = uploadFolder(name, id);
  if (startedAt === undefined && staged === undefined) {
    const entries = await Array.fromAsync(driver.list(folder, { signal }));
    if (entries.length === 0) return NOTHING_THERE;
  }
  const counts = { uploads: 1 };
  if (startedAt instanceof Date) return { counts, findings: [] };
  const detail =
    startedAt === undefined
      ? "the upload does not say when it began"
      : "the time at which the upload began cannot be read";
  return { counts, findings: [danglingUpload(folder, detail)] };
}

export function danglingUpload(where: string, detail: string): Violation {
  return { ...violation("dangling-upload", where, detail), maybeInProgress: true };
}

export async function examineBlob(
  { data, deep }: { readonly data: Digest; readonly deep: boolean },
  look: Look,
): Promise<Examined> {
  const bytes = await look.dataSizeOf(data);
  if (bytes === undefined) return NOTHING_THERE;
  const actual = deep ? await hashData(look.driver, data, look) : data;
  const findings = actual === undefined || actual === data ? [] : [wrongBytes(data, actual)];
  return { counts: { blobs: 1, bytes }, findings };
}
