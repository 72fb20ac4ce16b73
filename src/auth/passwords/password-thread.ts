/**
 * A thread that checks and hashes passwords, one after the other, each message answered by one. An error
 * ends the thread. It imports nothing of the program, so that it starts quickly.
 */
import { getPriority, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { hashSync, verifySync } from "@node-rs/bcrypt";

export type PasswordMessage =
  | { readonly kind: "verify"; readonly password: string; readonly hash: string }
  | { readonly kind: "hash"; readonly password: string; readonly cost: number };

/** Whoever sends wrong passwords gets what is left of the processors, about a tenth when they are all busy. */
const NICENESS = 10;

lowerPriority();
parentPort?.on("message", (message: PasswordMessage) => {
  parentPort?.postMessage(answerTo(message));
});

function answerTo(message: PasswordMessage): boolean | string {
  switch (message.kind) {
    case "verify":
      return verifySync(message.password, message.hash);
    case "hash":
      return hashSync(message.password, { cost: message.cost, version: "2y" });
  }
}

function lowerPriority(): void {
  // To Linux a thread has a priority of its own; elsewhere it would be that of the whole server.
  if (process.platform !== "linux") return;
  try {
    if (getPriority() < NICENESS) setPriority(NICENESS);
  } catch {
    // A sandbox may forbid it; passwords are checked all the same.
  }
}
