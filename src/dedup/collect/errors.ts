/** It is not known what of the packs is still needed. Nothing of them was touched. */
export class PacksKept extends Error {
  readonly kind = "PacksKept";
  /** @param options.next what the operator is to do before the next run, as an order. */
  constructor(reason: string, options: ErrorOptions & { readonly next: string }) {
    super(
      `the packs were left as they are: ${reason}; ${options.next}, then run it again`,
      options,
    );
  }
}

/** The packs were being tidied up, and it stopped half-way. All that is needed is still there: run it again. */
export class PackSweepFailed extends Error {
  readonly kind = "PackSweepFailed";
}
