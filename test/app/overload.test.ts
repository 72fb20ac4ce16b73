/** When a server takes no more on: numbers in, decisions out. */
import { describe, expect, it } from "vitest";
import {
  heldBytesOf,
  LEAST_REQUESTS,
  type Limits,
  limitsFor,
  type Load,
  overloadBy,
} from "../../src/app/overload.ts";
import { parseOpenFilesLimit } from "../../src/app/process-resources.ts";
import { Repeated } from "../../src/app/repeated.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const UNSET = { connections: undefined, bufferedBytes: undefined, memoryBytes: undefined };

describe("limitsFor()", () => {
  it.each([
    ["few files", { openFiles: 4096, memoryBytes: 64 * GIB }, 2560],
    ["little memory", { openFiles: 1_048_576, memoryBytes: 512 * MIB }, 8192],
    ["hardly anything", { openFiles: 100, memoryBytes: MIB }, 64],
  ])("with %s leaves room for files and memory", (_name, resources, connections) => {
    expect(limitsFor(UNSET, { ...resources, processes: 1 }).connections).toBe(connections);
  });

  it("takes shares of the memory, divided by the processes", () => {
    const limits = limitsFor(UNSET, { openFiles: 20_000, memoryBytes: 800 * MIB, processes: 2 });
    const little = limitsFor(UNSET, { openFiles: 20_000, memoryBytes: 64 * MIB, processes: 1 });
    expect(little.bufferedBytes).toBe(8 * MIB);
    expect(limits).toEqual({
      connections: 6400,
      bufferedBytes: 68 * MIB,
      memoryBytes: 340 * MIB,
    });
  });

  it("takes what the config says as it is", () => {
    const config = { connections: 1, bufferedBytes: 2, memoryBytes: 3 };
    const resources = { openFiles: 20_000, memoryBytes: GIB, processes: 4 };
    expect(limitsFor(config, resources)).toEqual(config);
  });
});

describe("overloadBy()", () => {
  const LIMITS: Limits = { connections: 9, bufferedBytes: 100, memoryBytes: 1000 };
  const AT_THE_LIMIT: Load = { bufferedBytes: 100, memoryBytes: 1000, requests: 500 };

  interface Case {
    readonly name: string;
    readonly load: Partial<Load>;
    readonly bytes: number;
    readonly reason: string | undefined;
  }
  const used = { memoryBytes: 9999 };
  const few = LEAST_REQUESTS - 1;

  it.each<Case>([
    { name: "all at the limit", load: {}, bytes: 0, reason: undefined },
    { name: "a byte more buffered", load: { bufferedBytes: 101 }, bytes: 0, reason: "buffered" },
    { name: "a body that would be too much", load: {}, bytes: 1, reason: "buffered" },
    { name: "a body that fits", load: { bufferedBytes: 99 }, bytes: 1, reason: undefined },
    { name: "a large body alone", load: { requests: 0 }, bytes: 200, reason: undefined },
    { name: "a byte more memory", load: { memoryBytes: 1001 }, bytes: 0, reason: "memory" },
    {
      name: "no memory, few requests",
      load: { ...used, requests: few },
      bytes: 0,
      reason: undefined,
    },
    {
      name: "no memory, some requests",
      load: { ...used, requests: few + 1 },
      bytes: 0,
      reason: "memory",
    },
    { name: "both", load: { ...used, bufferedBytes: 101 }, bytes: 0, reason: "buffered" },
  ])("$name", ({ load, bytes, reason }) => {
    expect(overloadBy({ ...AT_THE_LIMIT, ...load }, bytes, LIMITS)).toBe(reason);
  });
});

it.each([
  [{ isManifest: true, lengthBytes: 1000 }, 1000],
  [{ isManifest: true, lengthBytes: 5 * MIB }, 4 * MIB],
  [{ isManifest: true, lengthBytes: undefined }, 4 * MIB],
  [{ isManifest: false, lengthBytes: GIB }, MIB],
  [{ isManifest: false, lengthBytes: undefined }, MIB],
  [{ isManifest: false, lengthBytes: 7 }, 7],
])("heldBytesOf(%o) is %i", (body, bytes) => {
  expect(heldBytesOf(body)).toBe(bytes);
});

it.each([
  ["Max open files            1024                 4096                 files", 1024],
  ["Max open files            unlimited            unlimited            files", 2 ** 53 - 1],
  ["Max processes             5                    5                    processes", undefined],
  ["", undefined],
])("parseOpenFilesLimit(%j) is %j", (line, limit) => {
  expect(parseOpenFilesLimit(`Limit  Soft Limit  Hard Limit  Units\n${line}\n`)).toBe(limit);
});

it("what is repeated is told at once, and then once a minute with how often", async () => {
  const log = new RecordingLogger();
  const clock = new FakeClock();
  const repeated = new Repeated(log, clock);
  const times = (): readonly unknown[] => log.lines.map(({ fields }) => fields["times"]);
  for (let call = 0; call < 10; call += 1) repeated.warn("too much", {});
  expect(times()).toEqual([1]);
  await clock.advance(59_999);
  repeated.warn("too much", {});
  repeated.warn("another", {});
  expect(times()).toEqual([1, 1]);
  await clock.advance(1);
  repeated.warn("too much", {});
  expect(times()).toEqual([1, 1, 11]);
});
