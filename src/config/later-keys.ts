/** Keys of `barge:` that have their names already and come with later versions. */
export const LATER_KEYS = {
  registries: "Other registries, by name.",
  mirrors: "Rules for mirroring.",
  cache: "Pull-through upstreams.",
  worker: "Where the worker runs.",
  egress: "Where Barge may connect to.",
  links: "Named links.",
  sync: "Synchronization between two Barges.",
  pipelines: "Releases, stages and gates.",
  runtime: "The container runtime.",
  gc: "Garbage collection.",
  retention: "Retention.",
  quotas: "Quotas.",
  scrub: "Scrubbing.",
} as const satisfies Record<string, string>;
