/** A recipe that cannot be read, or that does not fit the bytes it is given. */
export class RecipeError extends Error {
  readonly kind = "recipe-error";
}
