/** Where in the code a log line comes from. */
export interface Caller {
  /** As in `events/webhook.ts:120`. */
  readonly file: string;
  readonly func: string;
}

const FRAME = /^\s*at (?:(?:async )?(.*?) \()?.*?([^/\s(]+\/[^/\s(]+:\d+):\d+\)?$/;

/**
 * @param stack an error's, made in the function whose caller is asked for.
 * @param depth how many calls up; 1 is the direct caller.
 * @returns `undefined` when the stack does not tell.
 */
export function callerOf(stack: string, depth: number): Caller | undefined {
  const line = stack.split("\n")[depth + 1] ?? "";
  const [, func = "", file] = FRAME.exec(line) ?? [];
  return file === undefined ? undefined : { file, func };
}
