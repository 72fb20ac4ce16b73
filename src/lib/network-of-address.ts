import { isIPv6 } from "node:net";

const GROUPS = 8;
const BITS_OF_GROUP = 16;
const GROUPS_OF_NETWORK = 4;
const GROUPS_OF_SITE = 3;

/**
 * What counts as one client among addresses: an IPv4 address, also in IPv6 clothes, and the /64 of an IPv6
 * address, for whoever has one of those has them all. Any other text is itself.
 */
export function networkOf(address: string): string {
  return beginningOf(address, GROUPS_OF_NETWORK);
}

/** As {@link networkOf}, but the /48 of an IPv6 address: what one customer may have, and some share. */
export function siteOf(address: string): string {
  return beginningOf(address, GROUPS_OF_SITE);
}

function beginningOf(address: string, count: number): string {
  const [plain = ""] = address.split("%");
  if (!isIPv6(plain)) return plain;
  const groups = groupsOf(plain.toLowerCase());
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1] ?? mappedBy(groups);
  return mapped ?? `${groups.slice(0, count).join(":")}::/${count * BITS_OF_GROUP}`;
}

/** All eight, without leading zeros. The dotted end that an address may have counts as two. */
function groupsOf(address: string): readonly string[] {
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const dotted = address.includes(".") ? 1 : 0;
  const missing = tail === undefined ? 0 : GROUPS - before.length - after.length - dotted;
  return [...before, ...Array<string>(missing).fill("0"), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ""),
  );
}

/** The IPv4 address in hexadecimal (`::ffff:7f00:1`). */
function mappedBy(groups: readonly string[]): string | undefined {
  const isMapped = groups.length === GROUPS && groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff";
  if (!isMapped) return undefined;
  return groups
    .slice(6)
    .flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 255];
    })
    .join(".");
}
