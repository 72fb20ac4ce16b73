/** Standard input, and the person in front of it if there is one. */
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";

export interface Terminal {
  /** Whether a person can be asked. */
  readonly isInteractive: boolean;
  /** Asks, and returns the line without its end. @throws {Interrupted} */
  ask(question: string): Promise<string>;
  /** As `ask`, and what is typed is not shown. @throws {Interrupted} */
  askSecret(question: string): Promise<string>;
  /** All of standard input. */
  readAll(): Promise<string>;
}

/** Whoever was asked has pressed Ctrl-C, or ended the input. */
export class Interrupted extends Error {
  readonly kind = "Interrupted";
  constructor() {
    super("interrupted");
  }
}

/** Questions are talk: they go to standard error. */
export function processTerminal(): Terminal {
  const { stdin, stderr } = process;
  return {
    isInteractive: stdin.isTTY && stderr.isTTY,
    readAll: () => text(stdin),
    ask: async (question) => {
      using lines = createInterface({ input: stdin, output: stderr });
      const stopped = new AbortController();
      for (const end of ["SIGINT", "close"] as const) lines.once(end, () => stopped.abort());
      try {
        return await lines.question(question, { signal: stopped.signal });
      } catch (error) {
        if (stopped.signal.aborted) throw new Interrupted();
        throw error;
      }
    },
    askSecret: async (question) => {
      stderr.write(question);
      stdin.setRawMode(true);
      try {
        return await readHidden(stdin);
      } finally {
        stdin.setRawMode(false);
        stdin.pause();
        stderr.write("\n");
      }
    },
  };
}

/**
 * A line from a terminal that does not show it and edits nothing by itself.
 * @throws {Interrupted} at Ctrl-C, and at Ctrl-D or the end of the input before anything was typed.
 */
export async function readHidden(keys: NodeJS.ReadableStream): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const line = new HiddenLine();
  const onData = (data: Buffer | string): void => {
    for (const key of data.toString()) {
      const state = line.press(key);
      if (state === "done") resolve(line.text);
      if (state === "interrupted") reject(new Interrupted());
      if (state !== "typing") return;
    }
  };
  const onEnd = (): void => reject(new Interrupted());
  keys.on("data", onData).once("end", onEnd);
  // Whoever read from it before has left it paused.
  keys.resume();
  try {
    return await promise;
  } finally {
    keys.off("data", onData).off("end", onEnd);
  }
}

/** The keys of a terminal in raw mode. */
class HiddenLine {
  #typed: readonly string[] = [];

  get text(): string {
    return this.#typed.join("");
  }

  press(key: string): "typing" | "done" | "interrupted" {
    if (key === "\r" || key === "\n") return "done";
    if (key === "\u0003") return "interrupted";
    if (key === "\u0004") return this.#typed.length === 0 ? "interrupted" : "done";
    if (key === "\u007f" || key === "\b") this.#typed = this.#typed.slice(0, -1);
    else if (key === "\u0015") this.#typed = [];
    else this.#typed = [...this.#typed, key];
    return "typing";
  }
}
