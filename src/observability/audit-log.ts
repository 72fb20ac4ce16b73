/** The audit log: who did what, in lines of JSON that are only ever added. */
import { createReadStream } from "node:fs";
import { type AuditEntry, formatAuditLine, parseAuditLine } from "./audit-entry.ts";
import { AuditFile } from "./audit-file.ts";
import type { Logger } from "./logger.ts";

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

/** Disposing it closes the file. */
export interface AuditLog extends Disposable {
  /** Never throws: lines that cannot be written are counted, and the log is told when that begins and ends. */
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

/** @throws {AuditLogUnavailable}: a server that must write down what is done shall not start without. */
export async function openAuditLog({
  path,
  log,
}: {
  readonly path: string;
  readonly log: Logger;
}): Promise<AuditLog> {
  const file = new AuditFile(path);
  try {
    file.ready();
  } catch (cause) {
    throw new AuditLogUnavailable(`the audit log ${path} cannot be opened`, { cause });
  }
  return new FileAuditLog(path, file, log);
}

class FileAuditLog implements AuditLog {
  readonly #path: string;
  readonly #file: AuditFile;
  readonly #log: Logger;
  #lostLines = 0;
  /** How many were lost before the writing began to fail; `undefined` while it works. */
  #lostBefore: number | undefined;

  constructor(path: string, file: AuditFile, log: Logger) {
    this.#path = path;
    this.#file = file;
    this.#log = log;
  }

  get lostLines(): number {
    return this.#lostLines;
  }

  record(entry: AuditEntry): void {
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
    this.#file[Symbol.dispose]();
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
