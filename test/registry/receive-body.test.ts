import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { BufferPool, Lease } from "../../src/registry/buffer-pool.ts";
import { createBlocks, ReceivedBody } from "../../src/registry/receive-body.ts";
import { pattern } from "../contracts/storage-subject.ts";
import { incomingRequest } from "../fakes/incoming-request.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What one read of a connection brings at most. */
const READ = 64 * KIB;
const MAX_BLOCKS = 32;

interface Subject {
  readonly incoming: IncomingMessage;
  readonly blocks: BufferPool;
  readonly body: ReceivedBody;
  readonly arrivedBytes: () => number;
}

function openBody({ staleMs = 60_000 } = {}): Subject {
  const incoming = incomingRequest();
  const blocks = createBlocks((sizeBytes) => new Uint8Array(sizeBytes));
  let arrivedBytes = 0;
  const onBytes = (lengthBytes: number): void => {
    arrivedBytes += lengthBytes;
  };
  const body = new ReceivedBody(incoming, { blocks, onBytes, staleMs });
  return { incoming, blocks, body, arrivedBytes: () => arrivedBytes };
}

/** Each chunk has memory of its own, as node's parser gives it. */
function send(incoming: IncomingMessage, bytes: Uint8Array, chunkBytes = READ): void {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes);
    incoming.push(Buffer.from(new Uint8Array(chunk).buffer));
  }
}

async function collect(
  body: ReceivedBody,
): Promise<{ readonly bytes: Buffer; readonly sizes: readonly number[]; readonly error: unknown }> {
  const pieces: Buffer[] = [];
  let error: unknown;
  try {
    for await (const piece of body) pieces.push(Buffer.from(piece));
  } catch (cause) {
    error = cause;
  }
  return { bytes: Buffer.concat(pieces), sizes: pieces.map(({ length }) => length), error };
}

function takeAll(blocks: BufferPool): readonly Lease[] {
  const leases: Lease[] = [];
  for (let lease = blocks.take(); lease !== undefined; lease = blocks.take()) leases.push(lease);
  return leases;
}

/** Lets everything happen that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

describe("ReceivedBody", () => {
  it("gathers what comes quickly into blocks, with the rest at the end", async () => {
    const { incoming, blocks, body, arrivedBytes } = openBody();
    const sent = pattern(3 * MIB + 12_345);
    send(incoming, sent, READ - 7);
    incoming.push(null);
    const { bytes, sizes, error } = await collect(body);
    expect(error).toBeUndefined();
    expect(bytes.equals(sent)).toBe(true);
    expect(sizes).toEqual([MIB, MIB, MIB, 12_345]);
    expect(arrivedBytes()).toBe(sent.byteLength);
    expect(takeAll(blocks)).toHaveLength(MAX_BLOCKS);
  });

  it("passes small pieces on as they come", async () => {
    const { incoming, body } = openBody();
    const first = body.next();
    send(incoming, Buffer.from("one"));
    expect(Buffer.from((await first).value ?? []).toString()).toBe("one");
    send(incoming, Buffer.from("two"));
    incoming.push(null);
    expect((await collect(body)).bytes.toString()).toBe("two");
  });

  it("brings blocks back to whole pages after small pieces", async () => {
    const { incoming, body } = openBody();
    const sent = pattern(2 * MIB + 5);
    send(incoming, sent.subarray(0, 5), 5);
    send(incoming, sent.subarray(5));
    incoming.push(null);
    const { bytes, sizes } = await collect(body);
    expect(bytes.equals(sent)).toBe(true);
    expect(sizes).toEqual([5, MIB - 5, MIB, 5]);
  });

  it("passes everything on as it comes while all blocks are lent", async () => {
    const { incoming, blocks, body } = openBody();
    const lent = takeAll(blocks);
    expect(lent).toHaveLength(MAX_BLOCKS);
    const sent = pattern(300 * KIB);
    send(incoming, sent);
    incoming.push(null);
    const { bytes, sizes } = await collect(body);
    expect(bytes.equals(sent)).toBe(true);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(READ);
  });

  it("uses the memory of a piece again only after the next one was asked for", async () => {
    const { incoming, body } = openBody();
    const sent = pattern(6 * MIB);
    const first = body.next();
    send(incoming, sent.subarray(0, 3 * MIB));
    const { value } = await first;
    await settle();
    send(incoming, sent.subarray(3 * MIB));
    await settle();
    expect(Buffer.from(value ?? []).equals(sent.subarray(0, MIB))).toBe(true);
  });

  it("lets the network wait while the reader is behind", async () => {
    const { incoming, body, arrivedBytes } = openBody();
    const sent = pattern(20 * MIB);
    void body.next();
    send(incoming, sent);
    incoming.push(null);
    await settle();
    expect(arrivedBytes()).toBeLessThanOrEqual(4 * MIB);
    const { bytes } = await collect(body);
    expect(bytes.equals(sent.subarray(MIB))).toBe(true);
  });

  it("passes a block on to which nothing is added any more", async () => {
    const { incoming, blocks, body } = openBody({ staleMs: 1 });
    const first = body.next();
    send(incoming, pattern(20 * KIB));
    expect((await first).value).toHaveLength(20 * KIB);
    const second = body.next();
    expect(takeAll(blocks)).toHaveLength(MAX_BLOCKS);
    send(incoming, Buffer.from("more"));
    expect((await second).value).toHaveLength(4);
  });

  it("gives what had arrived before it tells that the client went away", async () => {
    const { incoming, blocks, body } = openBody();
    const sent = pattern(MIB + 100 * KIB);
    const reading = collect(body);
    send(incoming, sent);
    await settle();
    incoming.destroy(new Error("cut"));
    const { bytes, error } = await reading;
    expect(bytes.equals(sent)).toBe(true);
    expect(error).toMatchObject({ message: "cut" });
    expect(takeAll(blocks)).toHaveLength(MAX_BLOCKS);
  });

  it.each([
    ["before it is asked", false],
    ["while it is waited for", true],
  ])("throws ClientGone when the connection closed %s", async (_when, isWaiting) => {
    const { incoming, body } = openBody();
    const early = isWaiting ? collect(body) : undefined;
    incoming.destroy();
    await settle();
    const { error } = await (early ?? collect(body));
    expect(error).toMatchObject({ kind: "ClientGone" });
  });

  it("leaves the connection and gives all blocks back when it is left early", async () => {
    const { incoming, blocks, body } = openBody();
    send(incoming, pattern(MIB + READ));
    for await (const _piece of body) break;
    await settle();
    expect(incoming.destroyed).toBe(false);
    expect(incoming.isPaused()).toBe(true);
    expect(takeAll(blocks)).toHaveLength(MAX_BLOCKS);
    expect(await body.next()).toEqual({ done: true, value: undefined });
  });

  it("ends a reader that waits when it is left", async () => {
    const { blocks, body } = openBody();
    const waiting = body.next();
    await body.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(takeAll(blocks)).toHaveLength(MAX_BLOCKS);
  });
});
