/** A pack, or a part of it, is not what it should be: damaged, cut short, or of another program. */
export class PackError extends Error {
  readonly kind = "pack-error";
}
