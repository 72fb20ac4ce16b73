/** Columns of a skeleton that cannot be: they were damaged, or made to do harm. */
export class SkeletonError extends Error {
  readonly kind = "skeleton-error";
}
