import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { Incoming } from "../../storage-drivers/incoming.ts";
import { calm, chunks } from "../contracts/storage-subject.ts";

describe("Incoming", () => {
  it("hands over chunks, then the end", async () => {
    await using incoming = new Incoming(chunks("a", "b"), calm().signal);
    expect(await incoming.next()).toMatchObject({ kind: "chunk", bytes: Buffer.from("a") });
    expect(await incoming.next()).toMatchObject({ kind: "chunk", bytes: Buffer.from("b") });
    expect(await incoming.next()).toEqual({ kind: "end" });
  });

  it("hands over the source's error as it is, thrown at once or later", async () => {
    const error = new Error("reset");
    const throwing = { [Symbol.asyncIterator]: () => ({ next: () => fail(error) }) };
    await using incoming = new Incoming(throwing, calm().signal);
    expect(await incoming.next()).toEqual({ kind: "broken", error });
  });

  it("does not ask a source for more once its signal is aborted", async () => {
    const stop = new AbortController();
    let asked = 0;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        asked += 1;
        yield Buffer.from("x");
      }
    };
    await using incoming = new Incoming(source(), stop.signal);
    await incoming.next();
    stop.abort("enough");
    expect(await incoming.next()).toEqual({ kind: "broken", error: "enough" });
    expect(asked).toBe(1);
  });

  it("leaves no listener behind", async () => {
    let listeners = 0;
    const { signal } = new AbortController();
    const counted = new Proxy(signal, {
      get(target, property) {
        if (property === "addEventListener") return () => (listeners += 1);
        if (property === "removeEventListener") return () => (listeners -= 1);
        return Reflect.get(target, property, target) as unknown;
      },
    });
    {
      await using incoming = new Incoming(chunks("a", "b", "c"), counted);
      await incoming.next();
      await incoming.next();
      expect(listeners).toBe(1);
    }
    expect(listeners).toBe(0);
  });
});

function fail(error: Error): never {
  throw error;
}
