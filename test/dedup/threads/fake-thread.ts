/** A thread that answers an order of so many bytes by what that number stands for. */
import { parentPort } from "node:worker_threads";
import type { FromThread, ToThread } from "../../../src/dedup/threads/thread-messages.ts";
import { DO } from "./fake-orders.ts";

let orders = 0;

parentPort?.on("message", (message: ToThread) => {
  if (message.kind === "order" && message.order.kind === "index") carryOut(message.order.sizeBytes);
  if (message.kind === "given") done(`given ${Buffer.from(message.bytes).toString()}`);
  if (message.kind === "not-given") done(`${message.isGone ? "gone" : "failed"}: ${message.text}`);
  if (message.kind === "taken") done(`taken ${message.bytes} of ${message.index}`);
});

function carryOut(what: number): void {
  orders += 1;
  switch (what) {
    case DO.done:
      return done(`order ${orders}`);
    case DO.error:
      throw new Error("a bug of the thread");
    case DO.exit:
      return process.exit(0);
    case DO.read:
      return post({
        kind: "read",
        read: 1,
        place: { kind: "pack", name: "ab" },
        at: 3,
        sizeBytes: 4,
      });
    case DO.fault:
      return post({ kind: "failed", fault: { kind: "wrong-bytes", text: "it is another" } });
    case DO.rubbish:
      return parentPort?.postMessage("rubbish");
    case DO.output:
      post({ kind: "damaged", pack: "ab", at: 7 });
      post({ kind: "progress", bytes: 11 });
      post({ kind: "bytes", bytes: Buffer.from("output") });
      return post({ kind: "cut" });
  }
}

function done(reason: string): void {
  post({ kind: "done", result: { kind: "index", recipe: undefined, reason } });
}

function post(message: FromThread): void {
  parentPort?.postMessage(message);
}
