import { z } from "zod";
import type { CatalogConfig, TagsConfig } from "./config.ts";

const USUAL = 1000;

/** `catalog:` */
export const catalogSchema = z
  .object({
    maxentries: z
      .int()
      .default(USUAL)
      .describe("Most entries of a page of the catalog. 0 and less are the same as 1000."),
  })
  .prefault({})
  .describe("The list of repositories.");

export function toCatalogConfig(catalog: z.output<typeof catalogSchema>): CatalogConfig {
  return { maxEntries: catalog.maxentries > 0 ? catalog.maxentries : USUAL };
}

/** `tags:` */
export const tagsSchema = z
  .object({
    maxtags: z
      .int()
      .min(0, "must not be negative")
      .default(USUAL)
      .describe("Most entries of a page of a list of tags. 0 is the same as 1000."),
  })
  .prefault({})
  .describe("Lists of tags.");

export function toTagsConfig(tags: z.output<typeof tagsSchema>): TagsConfig {
  return { maxTags: tags.maxtags > 0 ? tags.maxtags : USUAL };
}
