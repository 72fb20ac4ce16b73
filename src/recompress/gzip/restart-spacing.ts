/** How far apart the restarts of a gzip stream are, at least. */
export interface GzipRestartSpacing {
  readonly plainBytes: number;
  readonly streamBytes: number;
}

/**
 * Rebuilding 4 MiB takes a fraction of a second, so nearer restarts would help nobody; and each takes some
 * twenty bytes of the recipe, so there are only so many a MiB of the stream.
 */
export const USUAL_SPACING: GzipRestartSpacing = {
  plainBytes: 4 * 1024 * 1024,
  streamBytes: 1.5 * 1024 * 1024,
};

/** Whether a restart is worth its bytes, so far from the one before. */
export function isRestartDue(distance: GzipRestartSpacing, spacing: GzipRestartSpacing): boolean {
  return distance.plainBytes >= spacing.plainBytes && distance.streamBytes >= spacing.streamBytes;
}
