import { expect, test } from "vitest";
import { configOf, minimal } from "./reading.ts";

test.each([
  ["processes: 4", { processes: 4 }],
  ["processes: auto", { processes: "auto" }],
  ["limits: {connections: 500}", { limits: { connections: 500 } }],
  ["limits: {buffered: 64MiB}", { limits: { bufferedBytes: 64 * 2 ** 20 } }],
  ["limits: {memory: 2GiB}", { limits: { memoryBytes: 2 * 2 ** 30 } }],
])("barge: {%s} is taken", async (text, wanted) => {
  const file = `version: 0.1\nstorage: filesystem\nhttp: {addr: ":5000"}\nbarge: {${text}}`;
  expect((await configOf(file)).barge).toMatchObject(wanted);
});

test.each([
  ["", true],
  ["barge: {uploads: {directwrites: false}}", false],
])("barge.uploads.directwrites reaches the filesystem driver: %j", async (barge, directWrites) => {
  const file = `version: 0.1\nstorage: filesystem\nhttp: {addr: ":5000"}\n${barge}`;
  expect((await configOf(file)).storage.driver).toMatchObject({ name: "filesystem", directWrites });
});

test("processes and limits come from the environment too", async () => {
  const { barge } = await configOf('version: 0.1\nstorage: filesystem\nhttp: {addr: ":5000"}', {
    BARGE_PROCESSES: "4",
    BARGE_LIMITS_MEMORY: "512MiB",
  });
  expect(barge).toMatchObject({ processes: 4, limits: { memoryBytes: 512 * 2 ** 20 } });
});

test("barge takes its own keys", async () => {
  const { barge } = await configOf(
    minimal("barge: {state: {directory: /s}, trustedProxies: [10.0.0.7, '2001:db8::/32']}"),
  );
  expect(barge).toEqual({
    state: { directory: "/s" },
    audit: { path: undefined, pulls: false },
    dedup: {
      mode: "index",
      isNamed: false,
      coldMs: 86_400_000,
      threads: "auto",
      hours: [{ startMinute: 0, endMinute: 1440 }],
      diskFloorBytes: 2 * 2 ** 30,
    },
    processes: 1,
    limits: { connections: undefined, bufferedBytes: undefined, memoryBytes: undefined },
    trustedProxies: ["10.0.0.7", "2001:db8::/32"],
    addressProxies: ["10.0.0.7", "2001:db8::/32"],
  });
});

test("who passes for another is believed where passwords are counted only if the file says so", async () => {
  const { barge } = await configOf(minimal(""));
  expect(barge.trustedProxies).toContain("10.0.0.0/8");
  expect(barge.addressProxies).toEqual(["127.0.0.0/8", "::1/128"]);
});
