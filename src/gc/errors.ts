/** Why a collection ended early. */
export type CollectionError = MarkFailed | NotAlone | SweepFailed;

/** Something could not be read or understood, so it is not known what is still needed. Nothing was deleted. */
export class MarkFailed extends Error {
  readonly kind = "MarkFailed";
  /** @param options.next what the operator is to do before the next run, as an order. */
  constructor(reason: string, options: ErrorOptions & { readonly next: string }) {
    super(`nothing was deleted: ${reason}; ${options.next}, then run it again`, options);
  }
}

/** Others may write to the store, or may have. Nothing was deleted. */
export class NotAlone extends Error {
  readonly kind = "NotAlone";
  constructor(reason: string, options?: ErrorOptions) {
    super(`nothing was deleted: ${reason}`, options);
  }
}

/** Deleting stopped half-way. What is left is whole, for references go before data: run the collection again. */
export class SweepFailed extends Error {
  readonly kind = "SweepFailed";
}
