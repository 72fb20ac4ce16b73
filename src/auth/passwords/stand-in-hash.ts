/** What passwords of users that there are not are compared with, so that it takes as long. */
import { createHmac, hash, randomBytes } from "node:crypto";
import type { HtpasswdUser } from "./htpasswd-file.ts";

const COST_OF_NOBODY = 10;
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BCRYPT_BASE64 = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Chooses among the costs of a file, each as often as it stands there, and always the same for the same
 * name: one that cost more at the next try would be known for a stand-in. What chooses hangs on a hash of
 * the file rather than on chance, so that all processes choose alike, also after a restart. It changes with
 * the first line: over weeks names that there are could be told by that they do not, if costs differ.
 */
export class StandInHashes {
  readonly #costs: readonly number[];
  readonly #key: string;
  readonly #byCost: ReadonlyMap<number, string>;

  constructor(users: readonly HtpasswdUser[]) {
    this.#costs = users.map(({ cost }) => cost).toSorted((a, b) => a - b);
    this.#key = hash("sha256", `barge stand-in ${users[0]?.hash ?? ""}`);
    const costs = new Set([...this.#costs, COST_OF_NOBODY]);
    this.#byCost = new Map([...costs].map((cost) => [cost, standIn(cost)]));
  }

  /** A hash of bcrypt that no password is known for. */
  of(name: string): string {
    const share = createHmac("sha256", this.#key).update(name).digest().readUInt32BE(0) / 2 ** 32;
    const cost = this.#costs[Math.floor(share * this.#costs.length)] ?? COST_OF_NOBODY;
    return this.#byCost.get(cost) ?? standIn(cost);
  }
}

/** Salt and hash are random, in the alphabet of bcrypt. */
function standIn(cost: number): string {
  const text = [randomBytes(16), randomBytes(23)]
    .map((bytes) => bytes.toString("base64").replaceAll("=", ""))
    .join("");
  const letters = Array.from(text, (letter) => BCRYPT_BASE64[BASE64.indexOf(letter)]);
  return `$2y$${String(cost).padStart(2, "0")}$${letters.join("")}`;
}
