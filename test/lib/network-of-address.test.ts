import { expect, it } from "vitest";
import { networkOf, siteOf } from "../../src/lib/network-of-address.ts";

it.each([
  {
    what: "of one /64",
    first: "2001:db8:1:2::1",
    second: "2001:DB8:1:2:ffff:0:0:7",
    isOne: true,
  },
  { what: "of two /64", first: "2001:db8:1:2::1", second: "2001:db8:1:3::1", isOne: false },
  { what: "of which one has a zone", first: "fe80::1%eth0", second: "fe80::2", isOne: true },
  {
    what: "with and without leading zeros",
    first: "2001:0db8:0001:0002::1",
    second: "2001:db8:1:2::9",
    isOne: true,
  },
  { what: "behind a short form", first: "::1", second: "0:0:0:0:0:0:0:2", isOne: true },
  {
    what: "of which one is IPv4 in other clothes",
    first: "::ffff:192.0.2.7",
    second: "192.0.2.7",
    isOne: true,
  },
  {
    what: "of which one is IPv4 in hexadecimal clothes",
    first: "::ffff:c000:207",
    second: "192.0.2.7",
    isOne: true,
  },
  {
    what: "of IPv4 in other clothes",
    first: "::ffff:192.0.2.7",
    second: "::ffff:192.0.2.8",
    isOne: false,
  },
  { what: "of IPv4", first: "192.0.2.7", second: "192.0.2.8", isOne: false },
  { what: "that are none", first: "", second: "", isOne: true },
])("networkOf() takes addresses $what for one: $isOne", ({ first, second, isOne }) => {
  expect(networkOf(first) === networkOf(second)).toBe(isOne);
});

it.each([
  { first: "2001:db8:1:2::1", second: "2001:db8:1:3::1", isOne: true },
  { first: "2001:db8:1:2::1", second: "2001:db8:2:2::1", isOne: false },
  { first: "192.0.2.7", second: "::ffff:192.0.2.7", isOne: true },
  { first: "192.0.2.7", second: "192.0.2.8", isOne: false },
])("siteOf() takes $first and $second for one: $isOne", ({ first, second, isOne }) => {
  expect(siteOf(first) === siteOf(second)).toBe(isOne);
});

it("both say how long the part is that counts", () => {
  expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0::/64");
  expect(siteOf("2001:db8::1")).toBe("2001:db8:0::/48");
});
