/** Sections of the reference that this version does not carry out; `not-carried-out.ts` refuses them. */
import { z } from "zod";
import { flag, optionalDuration, text } from "./leaves.ts";

const middleware = z.object({
  name: text().describe("Name of the middleware."),
  disabled: flag(false).describe("Whether it is off. One that is on is refused."),
  options: z.record(z.string(), z.unknown()).optional().describe("Its options."),
});

/** `middleware:` */
export const middlewareSchema = z
  .record(z.string(), z.array(middleware))
  .optional()
  .describe("Middleware of the reference; not carried out by this version.");

/** `redis:` */
export const redisSchema = z
  .record(z.string(), z.unknown())
  .optional()
  .describe("Redis; not carried out by this version.");

/** `proxy:` */
export const proxySchema = z
  .object({
    remoteurl: text().describe("Registry to pull through; not carried out by this version."),
    username: text().describe("Account at that registry."),
    password: text().describe("Password of the account."),
    exec: z
      .object({
        command: text().describe("Credential helper."),
        lifetime: optionalDuration().describe("How long its answer holds."),
      })
      .optional()
      .describe("A program that gives the account."),
    ttl: optionalDuration().describe("How long content is kept."),
    cachewritetimeout: optionalDuration().describe("How long writing to the store may take."),
  })
  .optional()
  .describe("Pull-through cache; not carried out by this version.");

/** `policy:` */
export const policySchema = z
  .object({
    repository: z
      .object({
        classes: z
          .array(z.string())
          .default([])
          .describe("Kinds of content that repositories may hold; not carried out."),
      })
      .optional()
      .describe("Rules for repositories."),
  })
  .optional()
  .describe("Rules for content; not carried out by this version.");

/** `reporting:` */
export const reportingSchema = z
  .record(z.string(), z.unknown())
  .optional()
  .describe("Error reporting to Bugsnag or New Relic; not carried out by this version.");

/** `compatibility:` */
export const compatibilitySchema = z
  .object({
    schema1: z
      .object({
        enabled: flag(false).describe("Manifests of schema 1; not carried out."),
        signingkeyfile: text().describe("Key for signing manifests of schema 1."),
      })
      .optional()
      .describe("Manifests of schema 1."),
  })
  .optional()
  .describe("Old formats; not carried out by this version.");
