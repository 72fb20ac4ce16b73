/** Judges tags and the links of blobs. */
import { algorithmOf, type Digest } from "../../oci/digest.ts";
import type { Tag } from "../../oci/reference.ts";
import { layerLink, revisionLink, tagCurrentLink, tagIndexLink } from "../layout.ts";
import { type Examined, type Finding, note, NOTHING_THERE, violation } from "./finding.ts";
import type { Look } from "./look.ts";
import { readStoredLink, type RepositoryPlace, type StoredLink } from "./stored-link.ts";

export async function examineTag(
  { name, tag }: RepositoryPlace & { readonly tag: Tag },
  look: Look,
): Promise<Examined> {
  const where = tagCurrentLink(name, tag);
  const current = await readStoredLink(look.driver, where, look);
  const counts = { tags: 1 };
  if (current.state === "absent") {
    return { counts, findings: [note("unfinished-tag", where, `${name}:${tag} points nowhere`)] };
  }
  if (current.state === "unreadable") return { counts, findings: [unreadable(where, current)] };
  const target = await look.link(revisionLink(name, current.digest));
  const lack = await lackOf(target, look);
  if (lack === undefined) return { counts, findings: [] };
  const detail = `${name}:${tag} points to ${current.digest}, which ${lack}`;
  return { counts, findings: [violation("dangling-tag", where, detail)] };
}

/** What a tag once pointed to may be gone; only its link must be readable. */
export async function examineTagIndex(
  { name, tag, digest }: RepositoryPlace & { readonly tag: Tag; readonly digest: Digest },
  look: Look,
): Promise<Examined> {
  const where = tagIndexLink(name, tag, digest);
  const link = await readStoredLink(look.driver, where, look);
  if (link.state !== "unreadable") return NOTHING_THERE;
  return { counts: {}, findings: [unreadable(where, link)] };
}

export async function examineLayerLink(
  { name, digest }: RepositoryPlace & { readonly digest: Digest },
  look: Look,
): Promise<Examined> {
  const where = layerLink(name, digest);
  const link = await look.link(where);
  if (link.state === "absent") return NOTHING_THERE;
  const counts = { layerLinks: 1 };
  if (link.state === "unreadable") return { counts, findings: [unreadable(where, link)] };
  const findings: Finding[] = misdirections(where, digest, link.digest);
  if ((await look.sizeOf(link.digest)) === undefined) {
    const detail = `${name} holds blob ${digest}, but its data is gone`;
    findings.push(violation("dangling-layer-link", where, detail));
  }
  return { counts, findings };
}

/** @returns what keeps a link from leading to data, as the end of a sentence. */
export async function lackOf(link: StoredLink, look: Look): Promise<string | undefined> {
  if (link.state === "absent") return "the repository does not hold";
  if (link.state === "unreadable") return "has an unreadable link";
  return (await look.sizeOf(link.digest)) === undefined ? "has no data" : undefined;
}

export function unreadable(
  where: string,
  { reason }: StoredLink & { readonly state: "unreadable" },
): Finding {
  return violation("unreadable-link", where, `the link is of no use: ${reason}`);
}

/** Data lies under its sha256, so only the link of another algorithm may hold a digest that is not its own. */
export function misdirections(where: string, name: Digest, held: Digest): Finding[] {
  if (held === name || algorithmOf(name) !== "sha256") return [];
  return [violation("misdirected-link", where, `the link of ${name} holds ${held}`)];
}
