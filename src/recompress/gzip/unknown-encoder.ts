/** No engine foresees enough of what the stream's encoder chose. The text says so. */
export class UnknownEncoder extends Error {
  readonly kind = "unknown-encoder";
}
