import { isIP } from "node:net";
import { z } from "zod";
import type { BargeConfig } from "./config.ts";
import { LATER_KEYS } from "./later-keys.ts";
import { text } from "./leaves.ts";

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

/** `barge:` Unknown keys are errors. */
export const bargeSchema = z
  .strictObject({
    ...laterSchemas,
    state: z
      .strictObject({
        directory: text().describe(
          "Directory for what Barge may lose without harm. Nothing in this version keeps state there: it is for the job queue and the journals of later versions. Default: `barge/state` below the root of the filesystem driver.",
        ),
      })
      .prefault({})
      .describe("Where Barge keeps its own state."),
    trustedProxies: z
      .array(addressBlock)
      .default(PRIVATE_RANGES)
      .describe("Addresses and blocks of them whose `Forwarded` and `X-Forwarded-*` count."),
  })
  .prefault({})
  .describe("What the reference registry has no settings for.");

export function toBargeConfig(barge: z.output<typeof bargeSchema>): BargeConfig {
  return {
    state: { directory: barge.state.directory },
    trustedProxies: barge.trustedProxies,
  };
}

function isAddressBlock(block: string): boolean {
  const [, address, bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(block) ?? [];
  const family = isIP(address ?? "");
  if (address === undefined || family === 0) return false;
  return bits === undefined || Number(bits) <= (family === 4 ? 32 : 128);
}
