/** A deflate stream that ends early, or that no decoder would take. */
export class BrokenStream extends Error {
  readonly kind = "broken-stream";
}
