import type { LineSink } from "../lib/line-writer.ts";
import { escapeUnsafe, quote } from "./quote.ts";
import { redactText, redactUrl } from "./redaction.ts";

/** One answered request. What the client did not send is an empty string. */
export interface AccessEntry {
  /** The client's address, without a port. */
  readonly address: string;
  /** The user as the client names it; empty for an anonymous one. */
  readonly user: string;
  /** When the request arrived. */
  readonly at: Date;
  readonly method: string;
  /** As it stood in the request line, query and all. */
  readonly uri: string;
  /** As in `HTTP/1.1`. */
  readonly protocol: string;
  readonly status: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
  readonly referer: string;
  readonly userAgent: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MAX_FIELD_LENGTH = 4096;

/** The entry in Apache's Combined Log Format, in UTC, with its newline. Upload state, signatures and user information in URLs are left out, as are secrets in the user agent. */
export function formatCombined(entry: AccessEntry): string {
  const request = `${clean(entry.method)} ${clean(redactUrl(entry.uri))} ${clean(entry.protocol)}`;
  const client = `${word(entry.address)} - ${word(entry.user)} [${formatTime(entry.at)}]`;
  const agent = `"${clean(redactUrl(entry.referer))}" ${quote(cut(redactText(entry.userAgent)))}`;
  return `${client} "${request}" ${entry.status} ${entry.bytes} ${agent}\n`;
}

/** Writes one line per request. A line that cannot be written is given up. */
export interface AccessLog {
  record(entry: AccessEntry): void;
}

export function createAccessLog({ destination }: { readonly destination: LineSink }): AccessLog {
  return {
    record(entry) {
      destination.write(formatCombined(entry));
    },
  };
}

function clean(text: string): string {
  return escapeUnsafe(cut(text));
}

function cut(text: string): string {
  return text.slice(0, MAX_FIELD_LENGTH);
}

/** A field that stands without quotes: a space in it would shift those behind it. */
function word(text: string): string {
  return text === "" ? "-" : clean(text).replaceAll(/\s/g, "\\x20");
}

/** `02/Jan/2006:15:04:05 +0000` */
function formatTime(at: Date): string {
  const iso = at.toISOString();
  const month = MONTHS[at.getUTCMonth()] ?? "";
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
