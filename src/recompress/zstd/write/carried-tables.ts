/** A table that a later block may use again, said by what it was made from. */
export interface CarriedTable {
  readonly kind: "predefined" | "rle" | "described";
  /** The description; the one code of `rle`; nothing of what is predefined. */
  readonly bytes: Uint8Array;
}

/** What a block may use again of those before it in its frame. */
export interface CarriedTables {
  /** The Huffman tree. */
  readonly tree: CarriedTable | undefined;
  /** The tables of literal lengths, offsets and match lengths. */
  readonly tables: readonly (CarriedTable | undefined)[];
}
