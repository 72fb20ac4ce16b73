/** A compressed stream that its format forbids, or that ends too early. The text says what is wrong. */
export class BrokenStream extends Error {
  readonly kind = "broken-stream";
}

/** A valid stream with something in it that no recipe can say. The text says what. */
export class UnsupportedStream extends Error {
  readonly kind = "unsupported-stream";
}
