/** Judges a manifest of a repository: its link, its bytes, and all that it needs. */
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { isNonDistributable } from "../../oci/media-type.ts";
import { blobData, layerLink, referrerEntry, revisionLink } from "../layout.ts";
import { lackOf, misdirections, unreadable } from "./examine-links.ts";
import { type Examined, type Finding, note, NOTHING_THERE, violation } from "./finding.ts";
import type { Look } from "./look.ts";
import type { RepositoryPlace } from "./stored-link.ts";
import { readStoredManifest, type StoredManifest } from "./stored-manifest.ts";

/** A manifest by one of the digests that its repository knows it by. */
export interface RevisionPlace extends RepositoryPlace {
  readonly digest: Digest;
}

export async function examineRevision(place: RevisionPlace, look: Look): Promise<Examined> {
  const { name, digest } = place;
  const where = revisionLink(name, digest);
  const link = await look.link(where);
  if (link.state === "absent") return NOTHING_THERE;
  const counts = { manifests: 1 };
  if (link.state === "unreadable") return { counts, findings: [unreadable(where, link)] };
  const stored = await readStoredManifest(look.driver, link.digest, look);
  const findings = misdirections(where, digest, link.digest);
  if (stored.state !== "parsed") {
    return { counts, findings: [...findings, faultOf(stored, place, link.digest)] };
  }
  findings.push(...(await membersAmiss(stored.manifest, place, look)));
  const unindexedReferrers = await countUnindexed(stored.manifest, place, look);
  return { counts: { ...counts, unindexedReferrers }, findings };
}

function faultOf(
  stored: Exclude<StoredManifest, { readonly state: "parsed" }>,
  { name, digest }: RevisionPlace,
  data: Digest,
): Finding {
  const where = revisionLink(name, digest);
  switch (stored.state) {
    case "absent":
      return violation("dangling-revision", where, `the data of manifest ${digest} is gone`);
    case "damaged":
      return wrongBytes(data, stored.actual);
    case "invalid":
      return violation("manifest-invalid", where, `${digest} is no manifest: ${stored.reason}`);
    case "schema-1":
      return note("schema-1-manifest", where, `${digest} is a manifest of schema version 1`);
  }
}

export function wrongBytes(data: Digest, actual: Digest): Finding {
  return violation("wrong-bytes", blobData(data), `the bytes have digest ${actual}`);
}

async function membersAmiss(
  manifest: Manifest,
  place: RevisionPlace,
  look: Look,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [member, descriptor] of requiredBlobs(manifest)) {
    findings.push(...(await blobAmiss({ member, descriptor }, place, look)));
  }
  for (const [index, descriptor] of manifest.manifests.entries()) {
    const member = `manifests[${index}]`;
    findings.push(...(await childAmiss({ member, descriptor }, place, look)));
  }
  return findings;
}

/** Layers that clients fetch from elsewhere need not be here. */
function requiredBlobs({ config, layers }: Manifest): readonly (readonly [string, Descriptor])[] {
  const named = layers.map((layer, index) => [`layers[${index}]`, layer] as const);
  const required = named.filter(([, { mediaType }]) => !isNonDistributable(mediaType));
  return config === undefined ? required : [["config", config], ...required];
}

interface Member {
  /** Its place in the manifest: `layers[2]`. */
  readonly member: string;
  readonly descriptor: Descriptor;
}

async function blobAmiss(
  { member, descriptor }: Member,
  place: RevisionPlace,
  look: Look,
): Promise<readonly Finding[]> {
  const link = await look.link(layerLink(place.name, descriptor.digest));
  const lack = await lackOf(link, look);
  if (lack !== undefined) return [incomplete(place, { member, descriptor }, lack)];
  if (link.state !== "read") return [];
  return await sizeAmiss({ member, descriptor, data: link.digest }, place, look);
}

/** A child that the repository does not hold is no fault: indexes may be sparse. */
async function childAmiss(
  { member, descriptor }: Member,
  place: RevisionPlace,
  look: Look,
): Promise<readonly Finding[]> {
  const asManifest = await look.link(revisionLink(place.name, descriptor.digest));
  const link =
    asManifest.state === "absent"
      ? await look.link(layerLink(place.name, descriptor.digest))
      : asManifest;
  if (link.state === "absent") return [];
  const lack = await lackOf(link, look);
  if (lack !== undefined) return [incomplete(place, { member, descriptor }, lack)];
  if (link.state !== "read") return [];
  return await sizeAmiss({ member, descriptor, data: link.digest }, place, look);
}

function incomplete(
  { name, digest }: RevisionPlace,
  { member, descriptor }: Member,
  lack: string,
): Finding {
  const detail = `${member} is ${descriptor.digest}, which ${lack}`;
  return violation("incomplete-manifest", revisionLink(name, digest), detail);
}

/** Which of the two is wrong, the manifest or the data, only the bytes tell. */
async function sizeAmiss(
  { member, descriptor, data }: Member & { readonly data: Digest },
  { name, digest }: RevisionPlace,
  look: Look,
): Promise<readonly Finding[]> {
  const sizeBytes = await look.sizeOf(data);
  if (sizeBytes === undefined || sizeBytes === descriptor.sizeBytes) return [];
  const actual = await look.actualDigestOf(data);
  if (actual !== undefined && actual !== data) return [wrongBytes(data, actual)];
  const detail = `the manifest says that ${member} has ${descriptor.sizeBytes} bytes, but ${descriptor.digest} has ${sizeBytes}; it was pushed so, and some clients refuse it`;
  return [note("wrong-size", revisionLink(name, digest), detail)];
}

async function countUnindexed(
  { subject }: Manifest,
  { name, digest }: RevisionPlace,
  { driver, signal }: Look,
): Promise<number> {
  if (subject === undefined) return 0;
  const entry = await driver.stat(referrerEntry(name, subject.digest, digest), { signal });
  return entry === undefined ? 1 : 0;
}
