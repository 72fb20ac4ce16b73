/** Orders that only the fake thread knows. */
import type { DedupWorker, OrderSink } from "../../../src/dedup/threads/dedup-worker.ts";
import type { ThreadOrder } from "../../../src/dedup/threads/thread-messages.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { calm } from "../../contracts/storage-subject.ts";

/** What the thread does: the size of an index order's blob. */
export const DO = {
  done: 1,
  nothing: 2,
  error: 3,
  exit: 4,
  read: 5,
  fault: 6,
  rubbish: 7,
  output: 8,
} as const;

export const FAKE_THREAD = new URL("fake-thread.ts", import.meta.url);
export const THREAD_DATA = { indexPath: "", isIdle: false };
const DIGEST = digestOf(Buffer.of());

function orderTo(what: number): ThreadOrder {
  return { kind: "index", digest: DIGEST, sizeBytes: what, wanted: [] };
}

/** @returns what the thread says at the end. */
export async function ordered(
  worker: DedupWorker,
  what: number,
  {
    sink = {},
    signal = calm().signal,
  }: {
    readonly sink?: Partial<OrderSink> & { taken?: (bytes: number) => void };
    readonly signal?: AbortSignal;
  } = {},
): Promise<string | undefined> {
  const result = await worker.run(
    orderTo(what),
    (taken) => {
      sink.taken = taken;
      return { bytes: () => undefined, ...sink };
    },
    { signal },
  );
  return result.kind === "index" ? result.reason : undefined;
}
