/** Which manifests of a repository are needed. Pure. */
import type { Digest } from "../oci/digest.ts";

/** A manifest; it and others are named by the digest that their data lies under. */
export interface ManifestNode {
  /** The digests that the repository knows it by. */
  readonly names: readonly Digest[];
  /** Data it needs, its own included. */
  readonly needs: readonly Digest[];
  /** Children of an index that the repository holds. */
  readonly children: readonly Digest[];
  /** What it refers to, if the repository holds that. */
  readonly subject: Digest | undefined;
}

export type ManifestGraph = ReadonlyMap<Digest, ManifestNode>;

/** The roots, the children of what is kept, and what refers to what is kept; all of it transitively. */
export function keptManifests(graph: ManifestGraph, roots: Iterable<Digest>): ReadonlySet<Digest> {
  const referrers = Map.groupBy(graph.keys(), (data) => graph.get(data)?.subject);
  const kept = new Set<Digest>();
  const waiting = [...roots];
  for (let data = waiting.pop(); data !== undefined; data = waiting.pop()) {
    const node = graph.get(data);
    if (node === undefined || kept.has(data)) continue;
    kept.add(data);
    waiting.push(...node.children, ...(referrers.get(data) ?? []));
  }
  return kept;
}
