/** The application's log. Nothing outside this file knows the library behind it. */
import { type Logger as Pino, pino } from "pino";
import type { LineSink } from "../lib/line-writer.ts";
import { callerOf } from "./caller.ts";
import { type CleanOptions, cleanFields, cleanText, type LogFields } from "./log-fields.ts";
import { formatText } from "./log-text.ts";
import { escapeJson } from "./quote.ts";

/** Writes events for operators. Never throws; secrets are taken out centrally, see `redaction.ts`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether a line of that level would be written: for those who would gather fields for nothing. */
  isEnabled(level: LogLevel): boolean;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
}

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `text`: `key=value` pairs; `json`: one object a line; `logstash`: the same under Logstash's names. */
export type LogFormat = "text" | "json" | "logstash";

export interface LoggerOptions {
  /** The least level that is written. At `debug`, errors bring their stacks along. */
  readonly level: LogLevel;
  readonly formatter: LogFormat;
  /** Fields of every line. */
  readonly fields: LogFields;
  readonly destination: LineSink;
  /** Adds `file` and `func` of the code that logs; off by default, because it costs more than the rest of the line. */
  readonly reportCaller?: boolean;
  /** The time of a line; the system's by default. */
  readonly now?: () => Date;
}

/** The words that stand in the log for the levels. */
const LEVEL_WORDS: Readonly<Record<string, string>> = {
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
};

export function createLogger(options: LoggerOptions): Logger {
  const style = {
    withStacks: options.level === "debug",
    withCaller: options.reportCaller ?? false,
  };
  return new PinoLogger(createPino(options), cleanFields(options.fields, style), style);
}

interface LineStyle extends CleanOptions {
  readonly withCaller: boolean;
}

/** From the method that writes over the one of the level to the code that logs. */
const CALLS_UP = 2;

class PinoLogger implements Logger {
  readonly #pino: Pino;
  readonly #fields: LogFields;
  readonly #style: LineStyle;

  constructor(sink: Pino, fields: LogFields, style: LineStyle) {
    this.#pino = sink;
    this.#fields = fields;
    this.#style = style;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  isEnabled(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled(level);
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino, this.#merge(fields), this.#style);
  }

  #write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    const caller = this.#style.withCaller ? callerOf(new Error().stack ?? "", CALLS_UP) : undefined;
    this.#pino[level]({ ...this.#merge(fields), ...caller }, cleanText(message));
  }

  #merge(fields: LogFields): LogFields {
    return { ...this.#fields, ...cleanFields(fields, this.#style) };
  }
}

function createPino(options: LoggerOptions): Pino {
  const { formatter, now = () => new Date() } = options;
  const isLogstash = formatter === "logstash";
  const timeKey = isLogstash ? '"@version":"1","@timestamp"' : '"time"';
  return pino(
    {
      level: options.level,
      base: null,
      messageKey: isLogstash ? "message" : "msg",
      timestamp: () => `,${timeKey}:"${now().toISOString()}"`,
      formatters: { level: (label) => ({ level: LEVEL_WORDS[label] ?? label }) },
    },
    createDestination(options),
  );
}

/** Takes the library's JSON lines, writes them in the chosen format, and tells of lines that a slow reader cost. */
function createDestination({ formatter, destination, now = () => new Date() }: LoggerOptions): {
  write(line: string): void;
} {
  const render = formatter === "text" ? toText : escapeJson;
  let lostLines = 0;
  return {
    write(line) {
      if (!destination.write(render(line))) {
        lostLines += 1;
        return;
      }
      if (lostLines === 0) return;
      const notice = lossNotice(formatter, lostLines, now());
      if (destination.write(render(notice))) lostLines = 0;
    },
  };
}

function lossNotice(formatter: LogFormat, lines: number, at: Date): string {
  const text = "log lines were lost because nobody read them";
  const time = at.toISOString();
  const record =
    formatter === "logstash"
      ? { level: "warning", "@version": "1", "@timestamp": time, lines, message: text }
      : { level: "warning", time, lines, msg: text };
  return `${JSON.stringify(record)}\n`;
}

function toText(json: string): string {
  const record: unknown = JSON.parse(json);
  return typeof record === "object" && record !== null ? formatText({ ...record }) : json;
}
