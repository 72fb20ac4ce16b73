import { z } from "zod";
import type { LogConfig } from "./config.ts";
import { flag, text } from "./leaves.ts";
import { ENVIRONMENT_NAME } from "./schema-marks.ts";

const LEVELS = ["error", "warn", "info", "debug"] as const;

const level = z
  .string()
  .toLowerCase()
  .pipe(z.enum(LEVELS))
  .optional()
  .describe("`error`, `warn`, `info` or `debug`: the least that is written. Default `info`.");

const hook = z.object({
  disabled: flag(false).describe("Whether the hook is off. One that is on is refused."),
  type: text().describe("Kind of hook; the reference knows `mail`."),
  levels: z.array(z.string()).default([]).describe("Levels that start the hook."),
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Where the mail goes.")
    .meta({ [ENVIRONMENT_NAME]: "mailoptions" }),
});

/** `log:` */
export const logSchema = z
  .object({
    accesslog: z
      .object({
        disabled: flag(false).describe("Leaves the line per request out."),
      })
      .prefault({})
      .describe("One line per request in the Combined Log Format."),
    level,
    formatter: z
      .enum(["text", "json", "logstash"])
      .default("text")
      .describe("How a line of the log is written: `text`, `json` or `logstash`."),
    fields: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("Names and values that stand in every line."),
    hooks: z.array(hook).default([]).describe("Mails for lines of the log; not carried out."),
    reportcaller: flag(false).describe(
      "Whether each line names the place in the program that wrote it.",
    ),
  })
  .prefault({})
  .describe("The log.");

/** `loglevel:`, the old name of `log.level`. */
export const logLevelSchema = level.describe("Old name of `log.level`, which wins over it.");

type LogSection = z.output<typeof logSchema>;

/** @param oldLevel what `loglevel` says. */
export function toLogConfig(log: LogSection, oldLevel: LogConfig["level"] | undefined): LogConfig {
  return {
    level: log.level ?? oldLevel ?? "info",
    formatter: log.formatter,
    fields: log.fields,
    accessLog: !log.accesslog.disabled,
    reportCaller: log.reportcaller,
  };
}
