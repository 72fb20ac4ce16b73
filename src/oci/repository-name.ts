/**
 * Repository names.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
declare const brand: unique symbol;
/** A name in the grammar of the spec, at most 255 characters. Only {@link parseRepositoryName} makes one. */
export type RepositoryName = string & { readonly [brand]: "RepositoryName" };

/** The reference registry's limit; the spec leaves it open. */
export const MAX_REPOSITORY_NAME_LENGTH = 255;

const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const ONE_COMPONENT = new RegExp(`^${COMPONENT}$`);

export class InvalidName extends Error {
  readonly kind = "InvalidName";
  readonly text: string;
  constructor(text: string) {
    super(`not a repository name: ${JSON.stringify(text.slice(0, 300))}`);
    this.text = text;
  }
}

/** @throws {InvalidName} when the text is not in the grammar or too long. */
export function parseRepositoryName(text: string): RepositoryName {
  if (!isRepositoryName(text)) throw new InvalidName(text);
  return text;
}

export function isRepositoryName(text: string): text is RepositoryName {
  return text.length <= MAX_REPOSITORY_NAME_LENGTH && NAME.test(text);
}

/** Whether a folder of this name may be a part of a repository's path; `_layers` and the like are not. */
export function isNameComponent(text: string): boolean {
  return text.length <= MAX_REPOSITORY_NAME_LENGTH && ONE_COMPONENT.test(text);
}
