/** How far apart the restarts of a gzip stream are, at least. */
export interface GzipRestartSpacing {
  readonly plainBytes: number;
  readonly streamBytes: number;
}

/**
 * Rebuilding 8 MiB takes a fraction of a second, so nearer restarts would help nobody; and each takes some
 * twenty bytes of the recipe: five a MiB of the stream, and no more.
 */
export const USUAL_SPACING: GzipRestartSpacing = {
  plainBytes: 8 * 1024 * 1024,
  streamBytes: 4 * 1024 * 1024,
};

/** Whether a restart is worth its bytes, so far from the one before. */
export function isRestartDue(distance: GzipRestartSpacing, spacing: GzipRestartSpacing): boolean {
  return distance.plainBytes >= spacing.plainBytes && distance.streamBytes >= spacing.streamBytes;
}
