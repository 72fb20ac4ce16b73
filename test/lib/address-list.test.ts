import { describe, expect, it } from "vitest";
import { AddressList } from "../../src/lib/address-list.ts";

const LIST = new AddressList(["127.0.0.0/8", "10.1.2.3", "::1/128", "fc00::/7", "192.168.0.0/16"]);

describe("AddressList", () => {
  it.each(["127.0.0.1", "127.255.255.255", "10.1.2.3", "::1", "0:0:0:0:0:0:0:1", "fd12::1"])(
    "has %s",
    (address) => {
      expect(LIST.has(address)).toBe(true);
    },
  );

  it.each(["::ffff:127.0.0.1", "::FFFF:10.1.2.3", "::ffff:192.168.7.7"])(
    "has %s, which is an IPv4 address in IPv6 clothes",
    (address) => {
      expect(LIST.has(address)).toBe(true);
    },
  );

  it.each([
    "128.0.0.1",
    "10.1.2.4",
    "::2",
    "fe80::1",
    "::ffff:8.8.8.8",
    "",
    "localhost",
    "127.1",
    "x",
  ])("has not %j", (address) => {
    expect(LIST.has(address)).toBe(false);
  });

  it("is empty without entries", () => {
    expect(new AddressList([]).has("127.0.0.1")).toBe(false);
  });

  it.each(["localhost", "", "10.0.0.0.0/8", "/8", "127.1"])("refuses %j as an entry", (entry) => {
    expect(() => new AddressList([entry])).toThrow(TypeError);
  });
});
