import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BodyBlocks } from "../../src/registry/body-blocks.ts";
import type { Lease } from "../../src/registry/buffer-pool.ts";
import { ReceivedBody } from "../../src/registry/receive-body.ts";
import { pattern } from "../contracts/storage-subject.ts";
import { incomingRequest } from "../fakes/incoming-request.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What one read of a connection brings at most, and the size of a small block. */
const READ = 64 * KIB;
const MAX_LARGE = 32;

interface Subject {
  readonly incoming: IncomingMessage;
  readonly blocks: BodyBlocks;
  readonly body: ReceivedBody;
  readonly arrivedBytes: () => number;
}

function openBody({ slowMs = 60_000, blocks = newBlocks() } = {}): Subject {
  const incoming = incomingRequest();
  let arrivedBytes = 0;
  const onBytes = (lengthBytes: number): void => {
    arrivedBytes += lengthBytes;
  };
  const body = new ReceivedBody(incoming, { blocks, onBytes, slowMs });
  return { incoming, blocks, body, arrivedBytes: () => arrivedBytes };
}

function newBlocks(): BodyBlocks {
  return new BodyBlocks((sizeBytes) => new Uint8Array(sizeBytes));
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

function takeAll(blocks: BodyBlocks): readonly Lease[] {
  const leases: Lease[] = [];
  for (let one = blocks.takeLarge(); one !== undefined; one = blocks.takeLarge()) leases.push(one);
  return leases;
}

/** Lets everything happen that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

describe("ReceivedBody", () => {
  it.each([64 * KIB, 64 * KIB - 7, 16_000, 4 * KIB, 333])(
    "gathers into large blocks what comes quickly in chunks of %i bytes",
    async (chunkBytes) => {
      const { incoming, blocks, body, arrivedBytes } = openBody();
      const sent = pattern(READ + 3 * MIB + 12_345);
      const reading = collect(body);
      send(incoming, sent, chunkBytes);
      incoming.push(null);
      const { bytes, sizes, error } = await reading;
      expect(error).toBeUndefined();
      expect(bytes.equals(sent)).toBe(true);
      expect(sizes).toEqual([READ, MIB, MIB, MIB, 12_345]);
      expect(arrivedBytes()).toBe(sent.byteLength);
      expect(takeAll(blocks)).toHaveLength(MAX_LARGE);
    },
  );

  it("passes on at the end what fills no block", async () => {
    const { incoming, body } = openBody();
    const reading = collect(body);
    send(incoming, Buffer.from("one "));
    send(incoming, Buffer.from("two"));
    incoming.push(null);
    const { bytes, sizes } = await reading;
    expect(bytes.toString()).toBe("one two");
    expect(sizes).toEqual([7]);
  });

  it("is empty for an empty body", async () => {
    const { incoming, body } = openBody();
    incoming.push(null);
    expect((await collect(body)).sizes).toEqual([]);
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
    expect(Buffer.from(value ?? []).equals(sent.subarray(0, READ))).toBe(true);
  });

  it("lets the network wait while the reader is behind, and holds two blocks then", async () => {
    const { incoming, blocks, body, arrivedBytes } = openBody();
    const sent = pattern(20 * MIB);
    const taken: Buffer[] = [];
    const take = async (): Promise<void> =>
      void taken.push(Buffer.from((await body.next()).value ?? []));
    const first = take();
    send(incoming, sent);
    incoming.push(null);
    await first;
    await take();
    await settle();
    expect(arrivedBytes()).toBeLessThanOrEqual(READ + 2 * MIB + READ);
    const free = takeAll(blocks);
    expect(free).toHaveLength(MAX_LARGE - 2);
    for (const one of free) one[Symbol.dispose]();
    const { bytes } = await collect(body);
    expect(Buffer.concat([...taken, bytes]).equals(sent)).toBe(true);
  });

  it("passes a block on that is not filled in time, whatever trickles in meanwhile", async () => {
    const { incoming, blocks, body } = openBody({ slowMs: 30 });
    const first = body.next();
    send(incoming, pattern(READ));
    await first;
    const second = body.next();
    const trickle = setInterval(() => send(incoming, pattern(1)), 5);
    const { value } = await second;
    clearInterval(trickle);
    expect(value?.byteLength).toBeLessThan(READ);
    const third = body.next();
    const free = takeAll(blocks);
    expect(free).toHaveLength(MAX_LARGE);
    for (const one of free) one[Symbol.dispose]();
    send(incoming, pattern(2 * READ));
    expect((await third).value?.byteLength).toBeLessThanOrEqual(READ);
  });

  it("brings blocks back to whole pages after a piece of odd length", async () => {
    const { incoming, body } = openBody({ slowMs: 1 });
    const first = body.next();
    send(incoming, pattern(5));
    expect((await first).value).toHaveLength(5);
    const second = body.next();
    send(incoming, pattern(READ));
    expect((await second).value).toHaveLength(READ - 5);
  });

  it("waits for a large block while all are lent, first come, first served", async () => {
    const blocks = newBlocks();
    const subjects = [openBody({ blocks }), openBody({ blocks })];
    const lent = takeAll(blocks);
    const order: number[] = [];
    const readings = subjects.map(async ({ incoming, body }, index) => {
      const first = body.next();
      send(incoming, pattern(READ + MIB));
      await first;
      await body.next();
      order.push(index);
    });
    await settle();
    expect(subjects.every(({ incoming }) => incoming.isPaused())).toBe(true);
    lent[0]?.[Symbol.dispose]();
    await readings[0];
    expect(order).toEqual([0]);
    lent[1]?.[Symbol.dispose]();
    await readings[1];
    expect(order).toEqual([0, 1]);
  });

  it("goes on with small blocks when no large one comes free", async () => {
    const { incoming, blocks, body } = openBody();
    expect(takeAll(blocks)).toHaveLength(MAX_LARGE);
    const sent = pattern(READ + 100 * KIB);
    const reading = collect(body);
    send(incoming, sent);
    incoming.push(null);
    const { bytes, sizes } = await reading;
    expect(bytes.equals(sent)).toBe(true);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(READ);
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
    expect(takeAll(blocks)).toHaveLength(MAX_LARGE);
  });

  it("gives what had arrived when the client goes away while it waits for a block", async () => {
    const { incoming, blocks, body } = openBody();
    takeAll(blocks);
    const sent = pattern(2 * READ);
    const reading = collect(body);
    send(incoming, sent);
    await settle();
    incoming.destroy();
    const { bytes, error } = await reading;
    expect(bytes.equals(sent)).toBe(true);
    expect(error).toMatchObject({ kind: "ClientGone" });
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
    send(incoming, pattern(MIB + 2 * READ));
    let pieces = 0;
    for await (const _piece of body) if ((pieces += 1) === 2) break;
    await settle();
    expect(incoming.destroyed).toBe(false);
    expect(incoming.isPaused()).toBe(true);
    expect(takeAll(blocks)).toHaveLength(MAX_LARGE);
    expect(await body.next()).toEqual({ done: true, value: undefined });
  });

  it("ends a reader that waits when it is left, also in the queue for a block", async () => {
    const { incoming, blocks, body } = openBody();
    const lent = takeAll(blocks);
    const first = body.next();
    send(incoming, pattern(2 * READ));
    await first;
    const waiting = body.next();
    await settle();
    await body.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    for (const one of lent) one[Symbol.dispose]();
    expect(takeAll(blocks)).toHaveLength(MAX_LARGE);
  });

  it("takes no block any more when it is left in the queue with one in hand", async () => {
    const { incoming, blocks, body } = openBody();
    const [last, ...lent] = takeAll(blocks);
    last?.[Symbol.dispose]();
    const first = body.next();
    send(incoming, pattern(READ + MIB + READ));
    await first;
    expect((await body.next()).value).toHaveLength(MIB);
    await settle();
    await body.return();
    for (const one of lent) one[Symbol.dispose]();
    expect(takeAll(blocks)).toHaveLength(MAX_LARGE);
  });
});
