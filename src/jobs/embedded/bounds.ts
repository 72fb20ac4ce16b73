/** The bounds that the port sets to what is written into a queue. */
import { InvalidJob } from "../errors.ts";
import type { JobProgress, NewJob } from "../job-queue.ts";

const QUEUE_NAME = /^[a-z][a-z0-9.-]{0,63}$/;
const MAX_KEY_LENGTH = 512;
const MAX_PAYLOAD_BYTES = 65_536;
const MAX_PROGRESS_BYTES = 16_384;
const MAX_PRIORITY = 1000;

/** A job as it is written. */
export interface CheckedJob {
  readonly key: string;
  /** JSON. */
  readonly payload: string;
  readonly priority: number;
  /** Milliseconds since 1970; 0 for at once. */
  readonly dueMs: number;
}

/** @throws {InvalidJob} */
export function requireQueueName(queue: string): void {
  if (!QUEUE_NAME.test(queue)) throw new InvalidJob(`not a queue's name: ${shown(queue)}`);
}

/** @throws {InvalidJob} */
export function checkJob({ key, payload, priority = 0, notBefore }: NewJob): CheckedJob {
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw new InvalidJob(`not a job's key: ${shown(key)}`);
  }
  if (!Number.isInteger(priority) || priority < 0 || priority > MAX_PRIORITY) {
    throw new InvalidJob(`job ${shown(key)} has the priority ${priority}`);
  }
  const dueMs = notBefore?.getTime() ?? 0;
  if (Number.isNaN(dueMs)) throw new InvalidJob(`job ${shown(key)} has an invalid moment`);
  return { key, payload: toJson(payload, MAX_PAYLOAD_BYTES), priority, dueMs };
}

/** @throws {InvalidJob} */
export function checkProgress(progress: JobProgress): string {
  return toJson(progress, MAX_PROGRESS_BYTES);
}

function toJson(value: unknown, maxBytes: number): string {
  const json = JSON.stringify(value ?? null);
  if (Buffer.byteLength(json) > maxBytes) {
    throw new InvalidJob(`more than ${maxBytes} bytes of JSON: ${shown(json)}`);
  }
  return json;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
