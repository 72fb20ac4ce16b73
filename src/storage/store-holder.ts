/** Who holds a store, so that a process that must wait can say for whom. */
import { hostname } from "node:os";
import type { CallOptions } from "./storage-driver.ts";

/** `server`: may write at any time. `collector`: deletes what nobody needs, and must be alone. */
export type StoreRole = "server" | "collector";

export interface StoreHolder {
  readonly role: StoreRole;
  readonly pid: number;
  readonly host: string;
  readonly startedAt: Date;
}

/** Another process holds the store. */
export class StoreInUse extends Error {
  readonly kind = "StoreInUse";
  /** `undefined`: it is held, and nobody can tell by whom. */
  readonly holder: StoreHolder | undefined;
  /** @param wanted what this process wanted to be. */
  constructor(holder: StoreHolder | undefined, wanted: StoreRole) {
    super(`the store is in use by ${nameOf(holder)}; ${adviceFor(holder, wanted)}`);
    this.holder = holder;
  }
}

/** Nobody can tell whether another process holds the store. */
export class StoreNotLockable extends Error {
  readonly kind = "StoreNotLockable";
}

/**
 * A process that holds a store was silent for so long that others may take it for dead, and may do
 * already what they only do when they are sure of that.
 */
export class StoreLost extends Error {
  readonly kind = "StoreLost";
}

/** A hold on a store, until it is disposed or the process ends. */
export interface HeldStore extends AsyncDisposable {
  /**
   * Aborts, with a {@link StoreLost}, when this process must not write to the store any more. A lock
   * of the kernel is never lost so.
   */
  readonly lost: AbortSignal;
  /**
   * For a collector, to be asked before each lot of things that it deletes: another process may have
   * taken this one for dead meanwhile.
   * @throws {StoreInUse} when a server is there. @throws {StoreLost} @throws {StorageError}
   */
  stillAlone(options: CallOptions): Promise<void>;
}

/** This process. */
export function thisHolder(role: StoreRole, startedAt: Date): StoreHolder {
  return { role, pid: process.pid, host: hostname(), startedAt };
}

export function formatHolder({ role, pid, host, startedAt }: StoreHolder): string {
  return JSON.stringify({ role, pid, host, startedAt: startedAt.toISOString() });
}

/** @returns `undefined` for what is no such record. */
export function parseHolder(text: string): StoreHolder | undefined {
  const { role, pid, host, startedAt: began } = membersOf(text);
  const startedAt = new Date(String(began));
  const isRole = role === "server" || role === "collector";
  if (!isRole || typeof pid !== "number" || typeof host !== "string") return undefined;
  return Number.isNaN(startedAt.getTime()) ? undefined : { role, pid, host, startedAt };
}

function membersOf(text: string): Readonly<Partial<Record<keyof StoreHolder, unknown>>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const COMMANDS = {
  server: "barge serve",
  collector: "barge garbage-collect",
} as const satisfies Record<StoreRole, string>;

function nameOf(holder: StoreHolder | undefined): string {
  if (holder === undefined) return "another process";
  const { role, pid, host, startedAt } = holder;
  return `${COMMANDS[role]} (pid ${pid} on host ${host} since ${startedAt.toISOString()})`;
}

/** Only a collector stands in a server's way; servers do not stand in each other's. */
function adviceFor(holder: StoreHolder | undefined, wanted: StoreRole): string {
  const isCollector = holder?.role === "collector" || wanted === "server";
  return isCollector ? "wait until it has ended" : "stop it or set storage.maintenance.readonly";
}
