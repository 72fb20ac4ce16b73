import { describe, expect, it } from "vitest";
import { keptManifests, type ManifestNode } from "../../src/gc/manifest-graph.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";

function named(name: string): Digest {
  return digestOf(Buffer.from(name));
}

function node({ children = [], subject }: Partial<ManifestNode>): ManifestNode {
  return { names: [], needs: [], children, subject };
}

describe("keptManifests()", () => {
  it("ends on manifests that lead to one another in a circle", () => {
    const graph = new Map([
      [named("a"), node({ children: [named("b")] })],
      [named("b"), node({ children: [named("a")], subject: named("b") })],
      [named("c"), node({})],
    ]);
    expect(keptManifests(graph, [named("a")])).toStrictEqual(new Set([named("a"), named("b")]));
  });

  it("goes through ten thousand generations of referrers", () => {
    const names = Array.from({ length: 10_000 }, (_, order) => named(String(order)));
    const graph = new Map(
      names.map((name, order) => [name, node({ subject: names[order - 1] })] as const),
    );
    expect(keptManifests(graph, names.slice(0, 1)).size).toBe(10_000);
  });

  it("keeps no subject for the sake of what refers to it", () => {
    const graph = new Map([
      [named("subject"), node({})],
      [named("referrer"), node({ subject: named("subject") })],
    ]);
    expect(keptManifests(graph, [named("referrer")])).toStrictEqual(new Set([named("referrer")]));
  });

  it("passes over roots that are not there, and keeps nothing without roots", () => {
    const graph = new Map([[named("a"), node({ subject: undefined })]]);
    expect(keptManifests(graph, [named("absent")]).size).toBe(0);
    expect(keptManifests(graph, []).size).toBe(0);
  });
});
