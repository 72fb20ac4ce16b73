import { readFileSync } from "node:fs";

/** What a real encoder made of an input of `golden-inputs.ts`. */
export interface GoldenStream {
  /** A name of `../encoders/encoder-table.ts`. */
  readonly encoder: string;
  /** A name of `golden-inputs.ts`. */
  readonly input: string;
  readonly sizeBytes: number;
  /** Of the whole stream, in lower-case hex. */
  readonly sha256: string;
}

/** Where the table stands. */
export const GOLDEN_TABLE_FILE = new URL("streams.txt", import.meta.url);

/**
 * @returns the table that `make.ts` wrote: no stream is empty, and every encoder in it has a model.
 * Real encoders need not be on this machine for it.
 */
export function readGoldenTable(): readonly GoldenStream[] {
  return readFileSync(GOLDEN_TABLE_FILE, "utf8")
    .split("\n")
    .filter((line) => /^[^#\s]/.test(line))
    .map((line) => parseStream(line));
}

/** @returns the file's text for these streams. */
export function formatGoldenTable(streams: readonly GoldenStream[]): string {
  const head =
    "# Streams of real encoders: encoder, input, size in bytes, sha256. Written by make.ts.\n";
  const rows = streams.map(
    ({ encoder, input, sizeBytes, sha256 }) => `${encoder} ${input} ${sizeBytes} ${sha256}\n`,
  );
  return head + rows.join("");
}

function parseStream(line: string): GoldenStream {
  const match = /^(\S+) (\S+) ([0-9]+) ([0-9a-f]{64})$/.exec(line);
  const [, encoder = "", input = "", size = "", sha256 = ""] = match ?? [];
  if (match === null) throw new SyntaxError(`streams.txt: not a row of the table: '${line}'`);
  return { encoder, input, sizeBytes: Number(size), sha256 };
}
