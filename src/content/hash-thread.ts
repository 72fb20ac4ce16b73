/**
 * A thread that hashes what it is sent. Each `update` is answered when its bytes have been taken, each
 * `digest` with the digests in hexadecimal, in the order of the algorithms; an error ends the thread.
 * It imports nothing of the program, so that it starts quickly.
 */
import { createHash, type Hash } from "node:crypto";
import { parentPort } from "node:worker_threads";

export type HashMessage =
  | { readonly kind: "start"; readonly id: number; readonly algorithms: readonly string[] }
  | { readonly kind: "update"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "digest"; readonly id: number }
  | { readonly kind: "drop"; readonly id: number };

const running = new Map<number, readonly Hash[]>();

parentPort?.on("message", (message: HashMessage) => {
  const { id } = message;
  switch (message.kind) {
    case "start":
      running.set(
        id,
        message.algorithms.map((algorithm) => createHash(algorithm)),
      );
      break;
    case "update":
      for (const hash of hashesOf(id)) hash.update(message.bytes);
      parentPort?.postMessage(undefined);
      break;
    case "digest":
      parentPort?.postMessage(hashesOf(id).map((hash) => hash.digest("hex")));
      running.delete(id);
      break;
    case "drop":
      running.delete(id);
  }
});

function hashesOf(id: number): readonly Hash[] {
  const hashes = running.get(id);
  if (hashes === undefined) throw new TypeError("a hash that was not started, or is over");
  return hashes;
}
