/** No engine foresees enough of what the stream's encoder chose. */
export class UnknownEncoder extends Error {
  readonly kind = "unknown-encoder";

  constructor() {
    super("no known encoder makes its choices");
  }
}

/** The bytes do not begin as a gzip stream does. */
export class NotGzip extends Error {
  readonly kind = "not-gzip";

  constructor() {
    super("it is not compressed by gzip");
  }
}
