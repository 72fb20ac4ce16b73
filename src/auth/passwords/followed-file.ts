/** A small file that counts as it is at the moment, whoever changes it and however. */
import { readFileSync, statSync } from "node:fs";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { PerTurn } from "../../lib/per-turn.ts";

export type FileReading =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly error: Error };

export interface FollowedFileOptions<Value> {
  readonly path: string;
  /** Called for each new content, and once for each way in which it cannot be had. */
  readonly interpret: (reading: FileReading) => Value;
  /** Compared with the times of the file. */
  readonly clock?: Clock | undefined;
}

/** Steps of file times are at most so long: what was written within one of them may look unchanged. */
const COARSEST_TIME_MS = 2000;

/** Looks at the file when it is asked, at most once in a turn of the event loop, and reads it only when it may have changed. */
export class FollowedFile<Value> {
  readonly #options: FollowedFileOptions<Value>;
  readonly #clock: Clock;
  readonly #looked = new PerTurn(() => this.#look());
  /** Of the content that was read; `undefined` where it must be read again in any case. */
  #signature: string | undefined;
  #known: Known<Value> | undefined;

  constructor(options: FollowedFileOptions<Value>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get current(): Value {
    return this.#looked.current.value;
  }

  #look(): Known<Value> {
    const reading = this.#read();
    if (this.#known === undefined || !isSame(this.#known.reading, reading)) {
      this.#known = { reading, value: this.#options.interpret(reading) };
    }
    return this.#known;
  }

  #read(): FileReading {
    try {
      return this.#readIfChanged() ?? { kind: "missing" };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      return { kind: "unreadable", error };
    }
  }

  /** @returns `undefined` when there is none. */
  #readIfChanged(): FileReading | undefined {
    const { path } = this.#options;
    const nowMs = this.#clock.now().getTime();
    const before = this.#signature;
    this.#signature = undefined;
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    // To open a pipe could take for ever.
    if (!stat.isFile()) throw new TypeError("not a regular file");
    const signature = [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(" ");
    const known = signature === before ? this.#known?.reading : undefined;
    const reading = known ?? { kind: "text", text: readFileSync(path, "utf8") };
    const isSettled = Math.abs(nowMs - Number(stat.ctimeMs)) > COARSEST_TIME_MS;
    this.#signature = isSettled ? signature : undefined;
    return reading;
  }
}

interface Known<Value> {
  readonly reading: FileReading;
  readonly value: Value;
}

function isSame(a: FileReading, b: FileReading): boolean {
  if (a.kind === "text") return b.kind === "text" && a.text === b.text;
  if (a.kind === "unreadable")
    return b.kind === "unreadable" && a.error.message === b.error.message;
  return a.kind === b.kind;
}
