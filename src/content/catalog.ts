/** The list of repositories: those that have, or had, a manifest. */
import type { RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { walkRepositories, type WantedNames } from "./walk.ts";

export interface Catalog {
  /** At most `limit` names behind `after`, in ascending byte order. */
  page(options: CatalogPageOptions): Promise<readonly RepositoryName[]>;
}

export interface CatalogPageOptions extends CallOptions {
  readonly after: string | undefined;
  readonly limit: number;
  /** Default: all are. What is not wanted does not count either, and its folders are not looked at. */
  readonly wanted?: WantedNames | undefined;
}

export function createCatalog({ driver }: { readonly driver: StorageDriver }): Catalog {
  return {
    async page({ after, limit, signal, wanted }) {
      const names: RepositoryName[] = [];
      if (limit === 0) return names;
      for await (const { name, folders } of walkRepositories({ driver, signal, after, wanted })) {
        if (!folders.has("_manifests")) continue;
        names.push(name);
        if (names.length === limit) break;
      }
      return names;
    },
  };
}
