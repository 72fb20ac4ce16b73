/** A file of lines that several processes append to. */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const NEWLINE = 0x0a;

interface OpenFile {
  readonly fd: number;
  readonly stats: Stats;
}

/**
 * Each line is one write to the end of the file, at once, so that lines of several processes do not mix and
 * none is lost when the process ends. A power cut may cost the last ones.
 */
export class AuditFile implements Disposable {
  readonly #path: string;
  #open: OpenFile | undefined;

  /** @param path what is missing of it is made: folders with mode 0700, the file with 0600. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Takes microseconds, and everything else stops meanwhile. @throws what the file system throws. */
  append(line: string): void {
    try {
      const { fd } = this.ready();
      const bytes = Buffer.from(line);
      const written = writeSync(fd, bytes);
      if (written < bytes.byteLength) throw new Error("the line was written only in part");
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The file as it is open now; opened anew where another or none lies at its path. @throws as `append` does. */
  ready(): OpenFile {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    const { stats } = this.#open ?? {};
    if (this.#open && found?.ino === stats?.ino && found?.dev === stats?.dev) return this.#open;
    this[Symbol.dispose]();
    this.#open = opened(this.#path);
    return this.#open;
  }

  [Symbol.dispose](): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }
}

/** Ends a line that a crash or a full disk has left without an end. */
function opened(path: string): OpenFile {
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  const { O_APPEND, O_CREAT, O_RDWR } = constants;
  const fd = openSync(path, O_APPEND | O_CREAT | O_RDWR, FILE_MODE);
  try {
    const stats = fstatSync(fd);
    if (stats.size > 0 && lastByte(fd, stats.size) !== NEWLINE) writeSync(fd, "\n");
    return { fd, stats };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function lastByte(fd: number, sizeBytes: number): number | undefined {
  const byte = Buffer.alloc(1);
  return readSync(fd, byte, { position: sizeBytes - 1 }) === 1 ? byte[0] : undefined;
}
