/** The whole configuration: one schema per section, and the step from sections to {@link Config}. */
import { z } from "zod";
import { authSchema } from "./auth.ts";
import { authProblems, toAuthConfig } from "./auth-config.ts";
import { bargeSchema, processesProblems, toBargeConfig } from "./barge.ts";
import type { Config } from "./config.ts";
import { dedupProblems } from "./dedup.ts";
import { healthSchema, toHealthConfig } from "./health.ts";
import { httpSchema, toHttpConfig } from "./http.ts";
import { catalogSchema, tagsSchema, toCatalogConfig, toTagsConfig } from "./limits.ts";
import { logLevelSchema, logSchema, toLogConfig } from "./log.ts";
import { notificationsSchema, toNotificationsConfig } from "./notifications.ts";
import {
  compatibilitySchema,
  middlewareSchema,
  policySchema,
  proxySchema,
  redisSchema,
  reportingSchema,
} from "./reference-only.ts";
import { storageSchema, toStorageConfig } from "./storage.ts";
import { toValidationConfig, validationSchema } from "./validation.ts";

const versionSchema = z
  .union([z.literal("0.1"), z.literal(0.1)], {
    error: ({ input }) =>
      input === undefined
        ? "is missing: the file must say version: 0.1"
        : "must be 0.1, the only version there is",
  })
  .describe("Version of the format: `0.1`. Required.");

/** The sections of the file, each with its own schema. */
export const sections = z.object({
  version: versionSchema,
  log: logSchema,
  loglevel: logLevelSchema,
  storage: storageSchema,
  auth: authSchema,
  middleware: middlewareSchema,
  http: httpSchema,
  notifications: notificationsSchema,
  redis: redisSchema,
  health: healthSchema,
  proxy: proxySchema,
  validation: validationSchema,
  catalog: catalogSchema,
  tags: tagsSchema,
  policy: policySchema,
  reporting: reportingSchema,
  compatibility: compatibilitySchema,
  barge: bargeSchema,
});

/**
 * Input: the file, after environment variables, with scalars in the types of the shape. Output: the
 * configuration, without the file's name. Unknown keys are dropped here; `fit.ts` has told of them.
 */
export const configSchema = sections.transform((file, context): Omit<Config, "source"> => {
  const storage = toStorageConfig(file.storage, file.barge.uploads);
  const http = toHttpConfig(file.http);
  if (storage === undefined || http === undefined) {
    context.addIssue("cannot be used: storage or http has no value");
    return z.NEVER;
  }
  const barge = toBargeConfig(file.barge);
  for (const message of processesProblems({ barge, http, storage })) {
    context.addIssue({ code: "custom", path: ["barge", "processes"], message });
  }
  for (const message of dedupProblems({ barge, storage })) {
    context.addIssue({ code: "custom", path: ["barge", "dedup", "mode"], message });
  }
  for (const { path, message } of authProblems(file, storage)) {
    context.addIssue({ code: "custom", path: [...path], message });
  }
  return {
    log: toLogConfig(file.log, file.loglevel),
    storage,
    http,
    notifications: toNotificationsConfig(file.notifications),
    health: toHealthConfig(file.health),
    validation: toValidationConfig(file.validation),
    catalog: toCatalogConfig(file.catalog),
    tags: toTagsConfig(file.tags),
    auth: toAuthConfig(file),
    barge,
  };
});
