import { z } from "zod";
import type { NotificationEndpointConfig, NotificationsConfig } from "./config.ts";
import { duration, flag, headers, parseHttpUrl, text } from "./leaves.ts";
import { ENVIRONMENT_NAME } from "./schema-marks.ts";

const endpoint = z.object({
  name: text().describe("Name of the endpoint in logs and metrics. Default: its URL's host."),
  disabled: flag(false).describe("Leaves the endpoint out."),
  url: z
    .string()
    .refine((url) => parseHttpUrl(url) !== undefined, "must be a URL of http or https")
    .describe("Where events are posted. Required."),
  headers: headers().describe("Header fields of each request: each name with a list of values."),
  timeout: duration("1s").describe("How long an answer may take. 0 is the same as 1s."),
  threshold: z
    .int()
    .default(10)
    .describe("Failures in a row after which a pause is made. 0 and less are the same as 10."),
  backoff: duration("1s").describe("Length of the pause. 0 is the same as 1s."),
  ignoredmediatypes: z
    .array(z.string())
    .default([])
    .describe("Media types whose events are not sent."),
  ignore: z
    .object({
      mediatypes: z.array(z.string()).default([]).describe("Media types, as `ignoredmediatypes`."),
      actions: z
        .array(z.enum(["pull", "push", "mount", "delete"]))
        .default([])
        .describe("Actions whose events are not sent: `pull`, `push`, `mount`, `delete`."),
    })
    .prefault({})
    .describe("Events that are not sent."),
});

/** `notifications:` */
export const notificationsSchema = z
  .object({
    events: z
      .object({
        includereferences: flag(false).describe(
          "Lists in an event of a manifest what the manifest refers to.",
        ),
      })
      .prefault({})
      .describe("What events hold.")
      .meta({ [ENVIRONMENT_NAME]: "eventconfig" }),
    endpoints: z.array(endpoint).default([]).describe("Receivers of events."),
  })
  .prefault({})
  .describe("Events for other programs.");

export function toNotificationsConfig(
  notifications: z.output<typeof notificationsSchema>,
): NotificationsConfig {
  return {
    includeReferences: notifications.events.includereferences,
    endpoints: notifications.endpoints.filter(({ disabled }) => !disabled).map(toEndpointConfig),
  };
}

function toEndpointConfig(section: z.output<typeof endpoint>): NotificationEndpointConfig {
  return {
    name: section.name ?? new URL(section.url).host,
    url: section.url,
    headers: section.headers,
    timeoutMs: section.timeout > 0 ? section.timeout : 1000,
    threshold: section.threshold > 0 ? section.threshold : 10,
    backoffMs: section.backoff > 0 ? section.backoff : 1000,
    ignoredMediaTypes: [...section.ignoredmediatypes, ...section.ignore.mediatypes],
    ignoredActions: section.ignore.actions,
  };
}
