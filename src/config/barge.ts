import { isIP } from "node:net";
import { z } from "zod";
import { accessSchema } from "./access.ts";
import { auditSchema, toAuditConfig } from "./audit.ts";
import { bargeAuthSchema } from "./barge-auth.ts";
import type { BargeConfig, Config } from "./config.ts";
import { dedupSchema, toDedupConfig } from "./dedup.ts";
import { LATER_KEYS } from "./later-keys.ts";
import { optionalSize, text } from "./leaves.ts";

const LOOPBACK_RANGES = ["127.0.0.0/8", "::1/128"];

/** Loopback and the private ranges of RFC 1918 and RFC 4193. */
const PRIVATE_RANGES = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1/128",
  "fc00::/7",
];

const addressBlock = z.string().refine(isAddressBlock, {
  error: "must be an address or a block of them, such as 10.0.0.7 or 10.0.0.0/8",
});

const laterSchemas = Object.fromEntries(
  Object.entries(LATER_KEYS).map(([key, what]) => [
    key,
    z.never().optional().describe(`${what} Not carried out by this version.`),
  ]),
);

const MIB = 1024 * 1024;
const MOST_PROCESSES = 256;

/** Small enough for a test, and at most what a number holds exactly. */
const MEMORY = { min: MIB, max: Number.MAX_SAFE_INTEGER } as const;

const limitsSchema = z
  .strictObject({
    connections: z
      .int()
      .min(1, "must be at least 1")
      .optional()
      .describe(
        "Most connections at a time. A few more are answered 503 with `Retry-After`, all beyond those are closed. Default: what the limit of open files and the memory have room for.",
      ),
    buffered: optionalSize(MEMORY).describe(
      "Most bytes that may wait in memory for clients: of answers that are not taken yet, and of bodies that come in. Beyond it new requests are answered 503 with `Retry-After`. Default: a quarter of what the machine or container has beyond 128 MiB.",
    ),
    memory: optionalSize(MEMORY).describe(
      "Resident memory of a process beyond which new requests are answered 503 with `Retry-After` while others run. Default: 85% of the memory of the machine or container.",
    ),
  })
  .prefault({})
  .describe(
    "How much is taken on at a time. Each serving process has these limits for itself; defaults that come from memory are divided by their number.",
  );

/** The number of serving processes; the word for one per core is not a number. */
const processesSchema = z
  .union([z.literal("auto"), z.int().min(1).max(MOST_PROCESSES)], {
    error: `must be auto or a whole number from 1 to ${MOST_PROCESSES}`,
  })
  .default(1)
  .describe(
    "Number of processes that serve; `auto` is one for each core. More than one share the TCP port of `http.addr` and need a store that outlives a process: not `inmemory`. Not on macOS and Windows.",
  );

/** `barge:` Unknown keys are errors. */
export const bargeSchema = z
  .strictObject({
    ...laterSchemas,
    state: z
      .strictObject({
        directory: text().describe(
          "Directory for what Barge may lose without harm: keys that sign tokens (they are made anew, and whoever is logged in logs in again), the index and the jobs of `barge.dedup` (made anew, too), and the socket for the first administrator. Only its owner may enter it. Default: `barge/state` below the root of the filesystem driver.",
        ),
      })
      .prefault({})
      .describe("Where Barge keeps its own state."),
    auth: bargeAuthSchema,
    access: accessSchema,
    audit: auditSchema,
    uploads: z
      .strictObject({
        directwrites: z
          .boolean()
          .default(true)
          .describe(
            "Write large uploads to the disk round the page cache (`O_DIRECT`), where the filesystem can: two to three times as fast where memory is fresh, and what others read stays cached. The first pull of such a blob comes from the disk. Only for the driver `filesystem`.",
          ),
      })
      .prefault({})
      .describe("How uploads are taken."),
    dedup: dedupSchema,
    processes: processesSchema,
    limits: limitsSchema,
    trustedProxies: z
      .array(addressBlock)
      .optional()
      .describe(
        "Addresses and blocks of them whose `Forwarded` and `X-Forwarded-*` count. Default: loopback and the private ranges; where wrong passwords are counted and audited, loopback alone, for whoever is on a private network could pass for anybody.",
      ),
  })
  .prefault({})
  .describe("What the reference registry has no settings for.");

export function toBargeConfig(barge: z.output<typeof bargeSchema>): BargeConfig {
  return {
    state: { directory: barge.state.directory },
    processes: barge.processes,
    limits: {
      connections: barge.limits.connections,
      bufferedBytes: barge.limits.buffered,
      memoryBytes: barge.limits.memory,
    },
    audit: toAuditConfig(barge.audit),
    dedup: toDedupConfig(barge.dedup),
    trustedProxies: barge.trustedProxies ?? PRIVATE_RANGES,
    addressProxies: barge.trustedProxies ?? LOOPBACK_RANGES,
  };
}

/** Why the store or the address cannot be shared by as many processes as the config asks for. */
export function processesProblems({
  barge,
  http,
  storage,
}: Pick<Config, "barge" | "http" | "storage">): readonly string[] {
  if (barge.processes === 1) return [];
  return [
    ...(storage.driver.name === "inmemory"
      ? ["must be 1 with storage.inmemory: each process would have a store of its own"]
      : []),
    ...(http.listen.kind === "unix"
      ? ["must be 1 with http.net unix: processes can share a TCP port, but not a socket"]
      : []),
  ];
}

function isAddressBlock(block: string): boolean {
  const [, address, bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(block) ?? [];
  const family = isIP(address ?? "");
  if (address === undefined || family === 0) return false;
  return bits === undefined || Number(bits) <= (family === 4 ? 32 : 128);
}
