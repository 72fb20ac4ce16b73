/** Versions of one layer that follow each other, and what is promised of them at rest. */

/** How layers are compressed when they are pushed. */
export const COMPRESSIONS = [
  { name: "gzip", encoder: "go-1.26-6", extension: "gz" },
  { name: "zstd", encoder: "zstd-1.20.3-default", extension: "zst" },
] as const;
export type Compression = (typeof COMPRESSIONS)[number];

export interface Versions {
  readonly name: string;
  /** Names of layers, as they are pushed one after the other. */
  readonly layers: readonly [string, string, string];
  /** What is promised for gzip, if anything beyond what holds for all. */
  readonly most?: {
    /** Share of two versions' blobs that they take at rest. */
    readonly twoVersions: number;
    /** Share of its own blob that a third one adds. */
    readonly third: number;
  };
}

export const VERSIONS: readonly Versions[] = [
  {
    name: "debian-min",
    layers: ["debian-min-1", "debian-min-2", "debian-min-3"],
    most: { twoVersions: 0.45, third: 0.2 },
  },
  {
    name: "debian-base",
    layers: ["debian-base-1", "debian-base-2", "debian-base-3"],
    most: { twoVersions: 0.45, third: 0.12 },
  },
  {
    name: "npm-app",
    layers: ["npm-app-1", "npm-app-2", "npm-app-rebuilt"],
  },
  {
    name: "npm-app-rebuilt",
    layers: ["npm-app-1", "npm-app-rebuilt", "npm-app-again"],
    most: { twoVersions: 0.4, third: 0.02 },
  },
  {
    name: "node",
    layers: ["node-1", "node-2", "node-3"],
    most: { twoVersions: 0.47, third: 0.5 },
  },
];
