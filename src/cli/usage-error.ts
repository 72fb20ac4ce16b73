/** The command was called in a way that does not make sense. The message says which would. */
export class UsageError extends Error {
  readonly kind = "UsageError";
}
