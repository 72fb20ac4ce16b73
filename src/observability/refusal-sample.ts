/** Which refusals get lines in the audit log, so that nobody fills a disk with them or buries what it tells. Pure. */
import { networkOf } from "../lib/network-of-address.ts";
import type { AuditAction, AuditEntry } from "./audit-entry.ts";

/** Lines of one minute for the refusals of one network. */
export const REFUSALS_PER_NETWORK = 20;
/** Lines of one minute for the refusals of all. */
export const REFUSALS_OF_ALL = 300;

/** Where those are counted whose network has not had its share: in fear of too many networks. */
const ELSEWHERE = "";

interface LeftOut {
  readonly action: AuditAction;
  readonly address: string;
  readonly count: number;
}

/** One minute of refusals. Holds no more than some hundred networks, however many send. */
export class RefusalSample {
  #lines = 0;
  /** Lines by network. */
  readonly #networks = new Map<string, number>();
  readonly #leftOut = new Map<string, LeftOut>();

  /** Whether it gets a line; counts it when it does not. */
  takes({ action, address }: Pick<AuditEntry, "action" | "address">): boolean {
    const network = networkOf(address);
    const lines = this.#networks.get(network) ?? 0;
    if (lines >= REFUSALS_PER_NETWORK) return this.#leaveOut(action, network);
    if (this.#lines >= REFUSALS_OF_ALL) return this.#leaveOut(action, ELSEWHERE);
    this.#lines += 1;
    this.#networks.set(network, lines + 1);
    return true;
  }

  /** The lines that tell of what was left out, as of the end of the minute. */
  summary(at: Date): readonly AuditEntry[] {
    return Array.from(this.#leftOut.values(), ({ action, address, count }) => ({
      at,
      actor: "",
      identity: "anonymous",
      address,
      action,
      requestId: "",
      outcome: "refused",
      repeated: count,
    }));
  }

  #leaveOut(action: AuditAction, address: string): false {
    const key = `${action} ${address}`;
    const { count = 0 } = this.#leftOut.get(key) ?? {};
    this.#leftOut.set(key, { action, address, count: count + 1 });
    return false;
  }
}
