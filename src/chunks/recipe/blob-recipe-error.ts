/** A stored recipe is damaged, or says what cannot be. */
export class BlobRecipeError extends Error {
  readonly kind = "blob-recipe-error";
}
