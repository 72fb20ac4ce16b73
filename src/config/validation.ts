import { RE2JS } from "re2js";
import { z } from "zod";
import type { ValidationConfig } from "./config.ts";
import { EVEN_IF_PARTS_ARE_WRONG, flag } from "./leaves.ts";

const regularExpression = z.string().superRefine((expression, context) => {
  try {
    RE2JS.compile(expression);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.addIssue(`is not a regular expression of RE2: ${reason}`);
  }
});

const platform = z.object({
  os: z.string().describe("Operating system, such as `linux`. Required."),
  architecture: z.string().describe("Architecture, such as `amd64`. Required."),
});

const indexes = z
  .object({
    platforms: z
      .enum(["all", "none", "list"])
      .optional()
      .describe(
        "Which manifests of an index must be there when the index is pushed: `all`, `none`, or those of `platformlist` (`list`). Default: `all` where `indexes` is given, `none` else.",
      ),
    platformlist: z.array(platform).default([]).describe("Platforms for `platforms: list`."),
  })
  .superRefine(({ platforms, platformlist }, context) => {
    if (platforms !== "list" || platformlist.length > 0) return;
    const message = "is empty: name at least one platform, or write platforms: none";
    context.addIssue({ code: "custom", path: ["platformlist"], message });
  }, EVEN_IF_PARTS_ARE_WRONG)
  .optional()
  .describe("Which manifests of an index must be there. Default: none, indexes may be sparse.");

const urls = z
  .object({
    allow: z
      .array(regularExpression)
      .default([])
      .describe(
        "Regular expressions (RE2, unanchored) of which the URL of a layer must match one. Without `urls` any URL is accepted; with both lists empty none is, with `deny` alone any other.",
      ),
    deny: z
      .array(regularExpression)
      .default([])
      .describe("Regular expressions (RE2, unanchored) of which a URL may match none."),
  })
  .optional()
  .describe("Which `urls` layers may have.");

/** `validation:` */
export const validationSchema = z
  .object({
    enabled: flag(false).describe("Old setting: `true` wins over `disabled: true`."),
    disabled: flag(false).describe("Switches off the rules of this section."),
    manifests: z.object({ urls, indexes }).prefault({}).describe("Rules for manifests."),
  })
  .prefault({})
  .describe("What is asked of manifests that are pushed.");

type ValidationSection = z.output<typeof validationSchema>;

export function toValidationConfig(validation: ValidationSection): ValidationConfig {
  return {
    disabled: validation.disabled && !validation.enabled,
    urls: validation.manifests.urls,
    indexes: toIndexes(validation.manifests.indexes),
  };
}

function toIndexes(section: z.output<typeof indexes>): ValidationConfig["indexes"] {
  if (section?.platforms === "list") return section.platformlist;
  return section === undefined ? undefined : (section.platforms ?? "all");
}
