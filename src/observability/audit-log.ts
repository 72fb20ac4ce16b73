/** The audit log: who did what, in lines of JSON that are only ever added. */
import { createReadStream } from "node:fs";
import { type Clock, systemClock } from "../lib/clock.ts";
import { type AuditEntry, formatAuditLine, parseAuditLine } from "./audit-entry.ts";
import { AuditFile } from "./audit-file.ts";
import type { Logger } from "./logger.ts";
import { RefusalSample } from "./refusal-sample.ts";

/** Each part that is there must fit. */
export interface AuditFilter {
  /** Not before. */
  readonly since?: Date | undefined;
  /** Before. */
  readonly until?: Date | undefined;
  readonly actor?: string | undefined;
  readonly repository?: string | undefined;
  readonly action?: AuditEntry["action"] | undefined;
}

/** Disposing it writes what is still to be told, and closes the file. */
export interface AuditLog extends Disposable {
  /**
   * Never throws: lines that cannot be written are counted, and the log is told when that begins and ends.
   * Of refusals only so many of a minute get lines of their own; a line at its end tells how many more there
   * were. Everything else is always written.
   */
  record(entry: AuditEntry): void;
  /** Lines that could not be written since it was opened. */
  readonly lostLines: number;
  /**
   * The entries that fit, oldest first, a line at a time. What is no entry is passed over, as a line is
   * that a crash has cut off. A file that was moved away is read no more. @throws the signal's reason.
   */
  read(filter: AuditFilter, options: { readonly signal: AbortSignal }): AsyncIterable<AuditEntry>;
}

/** The file cannot be opened or made. */
export class AuditLogUnavailable extends Error {
  readonly kind = "AuditLogUnavailable";
}

export interface AuditLogOptions {
  readonly path: string;
  readonly log: Logger;
  readonly clock?: Clock | undefined;
}

/** @throws {AuditLogUnavailable}: a server that must write down what is done shall not start without. */
export async function openAuditLog({ path, ...around }: AuditLogOptions): Promise<AuditLog> {
  const file = new AuditFile(path);
  try {
    file.ready();
  } catch (cause) {
    throw new AuditLogUnavailable(`the audit log ${path} cannot be opened`, { cause });
  }
  return new FileAuditLog(file, { path, ...around });
}

const MINUTE_MS = 60_000;

class FileAuditLog implements AuditLog {
  readonly #path: string;
  readonly #file: AuditFile;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  /** Of the minute that the last refusals belong to; `undefined` while there are none. */
  #refusals: RefusalSample | undefined;
  #lostLines = 0;
  /** How many were lost before the writing began to fail; `undefined` while it works. */
  #lostBefore: number | undefined;

  constructor(file: AuditFile, { path, log, clock = systemClock }: AuditLogOptions) {
    this.#path = path;
    this.#file = file;
    this.#log = log;
    this.#clock = clock;
  }

  get lostLines(): number {
    return this.#lostLines;
  }

  record(entry: AuditEntry): void {
    if (entry.outcome !== "refused" || this.#sample().takes(entry)) this.#write(entry);
  }

  async *read(
    { since, until, actor, repository, action }: AuditFilter,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<AuditEntry> {
    for await (const line of linesOf(this.#path, signal)) {
      const entry = parseAuditLine(line);
      if (entry === undefined) continue;
      const fits =
        (since === undefined || entry.at >= since) &&
        (until === undefined || entry.at < until) &&
        isWanted(entry.actor, actor) &&
        isWanted(entry.repository, repository) &&
        isWanted(entry.action, action);
      if (fits) yield entry;
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#tell();
    this.#file[Symbol.dispose]();
  }

  #sample(): RefusalSample {
    if (this.#refusals !== undefined) return this.#refusals;
    this.#refusals = new RefusalSample();
    void this.#tellInAMinute();
    return this.#refusals;
  }

  async #tellInAMinute(): Promise<void> {
    try {
      await this.#clock.delay(MINUTE_MS, this.#closing);
    } catch {
      return; // Told when it was closed.
    }
    this.#tell();
  }

  #tell(): void {
    const told = this.#refusals?.summary(this.#clock.now()) ?? [];
    this.#refusals = undefined;
    for (const entry of told) this.#write(entry);
  }

  #write(entry: AuditEntry): void {
    try {
      this.#file.append(formatAuditLine(entry));
    } catch (error) {
      this.#lose(error);
      return;
    }
    if (this.#lostBefore === undefined) return;
    const lines = this.#lostLines - this.#lostBefore;
    this.#lostBefore = undefined;
    this.#log.warn("the audit log is written again", { "audit.lost": lines });
  }

  #lose(error: unknown): void {
    if (this.#lostBefore === undefined) {
      this.#lostBefore = this.#lostLines;
      this.#log.error("the audit log cannot be written, and lines of it are lost", {
        "audit.path": this.#path,
        error,
      });
    }
    this.#lostLines += 1;
  }
}

function isWanted(value: string | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted;
}

const NEWLINE = 0x0a;
/** Far longer than any entry. What is longer was written by somebody else, and is passed over. */
const MAX_LINE_BYTES = 64 * 1024;

/** Also what stands behind the last newline. Nothing for a file that is not there. */
async function* linesOf(path: string, signal: AbortSignal): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { signal })) {
      let start = 0;
      const bytes: Buffer = Buffer.concat([rest, chunk]);
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        yield bytes.toString("utf8", start, end);
        start = end + 1;
      }
      rest = bytes.subarray(Math.max(start, bytes.byteLength - MAX_LINE_BYTES));
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  yield rest.toString();
}
