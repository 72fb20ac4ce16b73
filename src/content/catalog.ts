/** The list of repositories: those that have, or had, a manifest. */
import type { RepositoryName } from "../oci/repository-name.ts";
import type { CallOptions, StorageDriver } from "../storage/storage-driver.ts";
import { walkRepositories } from "./walk.ts";

export interface Catalog {
  /** At most `limit` names behind `after`, in ascending byte order. */
  page(options: CatalogPageOptions): Promise<readonly RepositoryName[]>;
}

export interface CatalogPageOptions extends CallOptions {
  readonly after: string | undefined;
  readonly limit: number;
  /** Whether the name may be shown. What may not be does not count either. Default: all may. */
  readonly shows?: (name: RepositoryName) => boolean;
}

export function createCatalog({ driver }: { readonly driver: StorageDriver }): Catalog {
  return {
    async page({ after, limit, signal, shows = everything }) {
      const names: RepositoryName[] = [];
      if (limit === 0) return names;
      for await (const { name, folders } of walkRepositories({ driver, signal, after })) {
        if (!folders.has("_manifests") || !shows(name)) continue;
        names.push(name);
        if (names.length === limit) break;
      }
      return names;
    },
  };
}

function everything(): boolean {
  return true;
}
