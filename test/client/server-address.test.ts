import { expect, it } from "vitest";
import { AddressRefused } from "../../src/client/errors.ts";
import { parseServerAddress } from "../../src/client/server-address.ts";
import { isLoopbackHost } from "../../src/lib/loopback.ts";

const SAFE = { plainHttp: false, insecure: false };

function basesOf(text: string, options = SAFE): readonly string[] {
  const address = parseServerAddress(text, options);
  return address.kind === "network" ? address.bases.map(({ href }) => href) : [];
}

it.each([
  ["registry.example.com", ["https://registry.example.com/"]],
  ["Registry.Example.com:5000", ["https://registry.example.com:5000/"]],
  ["https://registry.example.com", ["https://registry.example.com/"]],
  ["https://localhost:5000", ["https://localhost:5000/"]],
  ["http://registry.example.com:5000", ["http://registry.example.com:5000/"]],
  ["https://registry.example.com/v2/", ["https://registry.example.com/"]],
  ["https://registry.example.com/below/", ["https://registry.example.com/below/"]],
  ["localhost:5000", ["https://localhost:5000/", "http://localhost:5000/"]],
  ["127.0.0.1:5000", ["https://127.0.0.1:5000/", "http://127.0.0.1:5000/"]],
  ["[::1]:5000", ["https://[::1]:5000/", "http://[::1]:5000/"]],
  ["10.0.0.1:5000", ["https://10.0.0.1:5000/"]],
  ["127.0.0.1.example.com", ["https://127.0.0.1.example.com/"]],
])("parseServerAddress(%j) tries %j", (text, bases) => {
  expect(basesOf(text)).toEqual(bases);
});

it("parseServerAddress() tries plain http elsewhere only where that was asked for", () => {
  const host = "registry.example.com";
  expect(basesOf(host, { plainHttp: true, insecure: false })).toEqual([`http://${host}/`]);
  const both = [`https://${host}/`, `http://${host}/`];
  expect(basesOf(host, { plainHttp: false, insecure: true })).toEqual(both);
  expect(basesOf(`https://${host}`, { plainHttp: true, insecure: true })).toEqual([both[0]]);
});

it.each([
  ["Registry.Example.com:443", "registry.example.com:443"],
  ["https://registry.example.com:5000/v1/", "registry.example.com:5000"],
])("parseServerAddress(%j) keeps the host as it is typed: %j", (text, host) => {
  expect(parseServerAddress(text, SAFE)).toMatchObject({ host });
});

it.each([
  ["unix:/run/admin.sock", "/run/admin.sock"],
  ["unix:///run/admin.sock", "/run/admin.sock"],
])("parseServerAddress(%j) is a socket", (text, path) => {
  expect(parseServerAddress(text, SAFE)).toEqual({ kind: "socket", path });
});

it.each([
  "",
  "https://",
  "ftp://registry.example.com",
  "https://alice:secret@registry.example.com",
  "https://registry.example.com?x=1",
  "a b",
  "unix:relative.sock",
  "registry.example.com:port",
])("parseServerAddress(%j) is refused, and no password is repeated", (text) => {
  expect(() => parseServerAddress(text, SAFE)).toThrow(AddressRefused);
  expect(() => parseServerAddress(text, SAFE)).not.toThrow(/secret/);
});

it.each([
  ["localhost", true],
  ["a.localhost", true],
  ["127.1.2.3", true],
  ["[::1]", true],
  ["[::ffff:127.0.0.1]", true],
  ["notlocalhost", false],
  ["128.0.0.1", false],
  ["127.0.0.1.example.com", false],
])("isLoopbackHost(%j) is %j", (hostname, wanted) => {
  expect(isLoopbackHost(hostname)).toBe(wanted);
});
