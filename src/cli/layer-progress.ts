/** How far a work at bytes has come, on one line that is written over. */
import type { Clock } from "../lib/clock.ts";
import { bytesText } from "./bytes-text.ts";

const SHOWN_EVERY_MS = 500;
/** Back to the line's start, and erase it. */
const CLEAR = "\r\u001b[K";

export interface Progress extends Disposable {
  /** Told the bytes that were read since it was told last. */
  readonly onProgress: (bytes: number) => void;
}

export interface ProgressOptions {
  readonly totalBytes: number;
  readonly clock: Clock;
  /** What has become of the bytes that were told. Default: `read`. */
  readonly done?: string;
}

/** @param write where to; nothing is shown when it is `undefined`. Dispose to take the line away. */
export function showProgress(
  write: ((text: string) => void) | undefined,
  { totalBytes, clock, done = "read" }: ProgressOptions,
): Progress {
  let readBytes = 0;
  let shownMs = clock.monotonicMs();
  let isShown = false;
  return {
    onProgress: (bytes) => {
      readBytes += bytes;
      const nowMs = clock.monotonicMs();
      if (write === undefined || nowMs - shownMs < SHOWN_EVERY_MS) return;
      shownMs = nowMs;
      isShown = true;
      write(`${CLEAR}${progressText(readBytes, totalBytes, done)}`);
    },
    [Symbol.dispose]: () => {
      if (isShown) write?.(CLEAR);
    },
  };
}

/** `42 % of 1.2 GB read`; each layer is read again when its recipe is tried, and when it is compared. */
export function progressText(readBytes: number, totalBytes: number, done = "read"): string {
  const percent = Math.min(100, Math.floor((readBytes / Math.max(1, totalBytes)) * 100));
  return `${percent} % of ${bytesText(totalBytes)} ${done}`;
}
