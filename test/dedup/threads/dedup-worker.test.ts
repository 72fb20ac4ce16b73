import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DedupWorker, type OrderSink } from "../../../src/dedup/threads/dedup-worker.ts";
import { failureOf } from "../at-rest-store.ts";
import { DO, FAKE_THREAD, ordered, THREAD_DATA } from "./fake-orders.ts";

describe("DedupWorker", () => {
  let worker: DedupWorker;
  let damaged: string[];
  let read: () => Promise<Uint8Array | undefined>;
  beforeEach(() => {
    damaged = [];
    read = async () => undefined;
    worker = new DedupWorker(FAKE_THREAD, THREAD_DATA, {
      read: () => read(),
      onDamaged: (pack, at) => void damaged.push(`${pack}-${at}`),
    });
  });
  afterEach(() => worker[Symbol.asyncDispose]());

  it("carries out one order after the other, in the same thread", async () => {
    expect(await ordered(worker, DO.done)).toBe("order 1");
    expect(await ordered(worker, DO.done)).toBe("order 2");
    expect(worker.hasEnded).toBe(false);
  });

  it("hands on what comes of an order, and tells what was taken of it", async () => {
    const seen: unknown[] = [];
    const sink: Partial<OrderSink> & { taken?: (bytes: number) => void } = {
      bytes: (bytes) => void seen.push(Buffer.from(bytes).toString()),
      progress: (bytes) => void seen.push(bytes),
      cut: () => {
        seen.push("cut");
        sink.taken?.(6);
      },
    };
    expect(await ordered(worker, DO.output, { sink })).toBe("taken 6 of 1");
    expect(seen).toEqual([11, "output", "cut"]);
    expect(damaged).toEqual(["ab-7"]);
  });

  it("reads for the thread, and leaves alone the memory that is more than was read", async () => {
    const memory = Buffer.from(new Uint8Array(Buffer.from("before this after")).buffer);
    read = async () => memory.subarray(7, 11);
    expect(await ordered(worker, DO.read)).toBe("given this");
    expect(memory.toString()).toBe("before this after");
  });

  it("tells the thread what is not there, and what could not be read", async () => {
    expect(await ordered(worker, DO.read)).toBe("gone: ab is not there");
    read = () => Promise.reject(new Error("the disk is broken"));
    expect(await ordered(worker, DO.read)).toBe("failed: the disk is broken");
  });

  it("throws a fault of the store, and takes further orders", async () => {
    expect(await failureOf(ordered(worker, DO.fault))).toMatchObject({
      kind: "ThreadRefused",
      message: "it is another",
      fault: { kind: "wrong-bytes" },
    });
    expect(await ordered(worker, DO.done)).toBe("order 2");
  });

  it("ends with what it is doing when the signal aborts", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const running = failureOf(ordered(worker, DO.nothing, { signal: stop.signal }));
    stop.abort(reason);
    expect(await running).toBe(reason);
    expect(worker.hasEnded).toBe(true);
    expect(await failureOf(ordered(worker, DO.done))).toBe(reason);
  });

  it("is not ended by a signal that was aborted before, nor by that of an order before", async () => {
    const stop = new AbortController();
    await ordered(worker, DO.done, { signal: stop.signal });
    stop.abort(new Error("too late"));
    expect(await failureOf(ordered(worker, DO.done, { signal: stop.signal }))).toBe(
      stop.signal.reason,
    );
    expect(worker.hasEnded).toBe(false);
    expect(await ordered(worker, DO.done)).toBe("order 2");
  });

  it.each([
    ["an error of its own", DO.error, "a bug of the thread"],
    ["its end", DO.exit, "has ended"],
    ["a message that is none", DO.rubbish, "not the message"],
  ])("fails with %s, and takes no more orders", async (_, what, message) => {
    await expect(ordered(worker, what)).rejects.toThrow(message);
    expect(worker.hasEnded).toBe(true);
    await expect(ordered(worker, DO.done)).rejects.toThrow(message);
  });

  it("fails what runs when it is disposed of", async () => {
    const running = failureOf(ordered(worker, DO.nothing));
    await worker[Symbol.asyncDispose]();
    expect(await running).toMatchObject({ message: "the thread was ended" });
  });
});
