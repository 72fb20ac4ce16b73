/**
 * When a server takes no more on. Numbers in, decisions out; `overload-guard.ts` has the sockets.
 *
 * The lines are ordered by how well they tell the reason: connections, bytes that are known to wait for
 * clients, and at last the memory of the process, whoever uses it.
 */
import type { LimitsConfig } from "../config/config.ts";

/** What a server takes on at a time. */
export interface Limits {
  readonly connections: number;
  /** Of answers and bodies that wait in memory for clients. */
  readonly bufferedBytes: number;
  /** Resident. */
  readonly memoryBytes: number;
}

/** What a process has for its work. */
export interface Resources {
  /** Files and sockets that it may have open. */
  readonly openFiles: number;
  /** Of the machine, or of the container where that one has less. */
  readonly memoryBytes: number;
  /** How many processes share the memory, at least 1. */
  readonly processes: number;
}

/** What a server has to bear at a moment, without the request in question. */
export interface Load {
  readonly bufferedBytes: number;
  readonly memoryBytes: number;
  /** Answers that are owed. */
  readonly requests: number;
}

/** Which limit stands in a request's way. */
export type OverloadReason = "connections" | "buffered" | "memory";

const MIB = 1024 * 1024;
/** Libraries, logs, the store's own files. */
const OTHER_FILES = 256;
/** Every second connection may have a file open. */
const FILES_PER_CONNECTION = 1.5;
/** An idle connection costs about a quarter of it. */
const BYTES_PER_CONNECTION = 64 * 1024;
const LEAST_CONNECTIONS = 64;
/** A process at rest, and a little for its work. */
const USED_AT_REST = 128 * MIB;
const BUFFERED_SHARE = 0.25;
const LEAST_BUFFERED = 8 * MIB;
const MEMORY_SHARE = 0.85;

/**
 * Memory that a process has used is not always given back. Were nothing taken on beyond the limit, a
 * process that lies above it at rest would never serve again: so many requests at a time it takes always.
 */
export const LEAST_REQUESTS = 8;

/** Fills in what the config leaves open. */
export function limitsFor(config: LimitsConfig, resources: Resources): Limits {
  const memoryBytes = Math.floor(resources.memoryBytes / resources.processes);
  const byFiles = Math.floor((resources.openFiles - OTHER_FILES) / FILES_PER_CONNECTION);
  const ofRest = (memoryBytes - USED_AT_REST) * BUFFERED_SHARE;
  const byMemory = Math.floor(memoryBytes / BYTES_PER_CONNECTION);
  return {
    connections: config.connections ?? Math.max(LEAST_CONNECTIONS, Math.min(byFiles, byMemory)),
    bufferedBytes: config.bufferedBytes ?? Math.max(LEAST_BUFFERED, Math.floor(ofRest)),
    memoryBytes: config.memoryBytes ?? Math.floor(memoryBytes * MEMORY_SHARE),
  };
}

/** @returns why a request is refused that may hold `bytes` in memory; `undefined` when it is taken. */
export function overloadBy(load: Load, bytes: number, limits: Limits): OverloadReason | undefined {
  if (load.bufferedBytes + bytes > limits.bufferedBytes && load.requests > 0) return "buffered";
  if (load.memoryBytes <= limits.memoryBytes || load.requests < LEAST_REQUESTS) return undefined;
  return "memory";
}

/** A manifest is read whole, and is never larger. */
const MOST_OF_MANIFEST = 4 * MIB;
/** An upload gathers a block before it writes. */
const MOST_OF_UPLOAD = MIB;

export interface AnnouncedBody {
  readonly isManifest: boolean;
  /** `undefined`: its length is not known. */
  readonly lengthBytes: number | undefined;
}

/** How many bytes of a body may be in memory at a time. */
export function heldBytesOf({ isManifest, lengthBytes }: AnnouncedBody): number {
  const most = isManifest ? MOST_OF_MANIFEST : MOST_OF_UPLOAD;
  return Math.min(lengthBytes ?? most, most);
}
