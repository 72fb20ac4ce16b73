import { BlockList, isIP } from "node:net";

/** A set of IP addresses, made from addresses and CIDR ranges of both families. */
export class AddressList {
  readonly #list = new BlockList();

  /** @throws {TypeError} for what is neither an address nor a range. */
  constructor(entries: Iterable<string>) {
    for (const entry of entries) this.#add(entry);
  }

  /** An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) counts as the IPv4 address. */
  has(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=[0-9.]+$)/i, "");
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 4 ? "ipv4" : "ipv6");
  }

  #add(entry: string): void {
    const [address = "", bits] = entry.split("/");
    const version = isIP(address);
    if (version === 0) throw new TypeError(`not an IP address or range: ${entry}`);
    const family = version === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, Number(bits), family);
  }
}
