import { describe, expect, test } from "vitest";
import { dedupThreads, effectiveDedup } from "../../src/config/dedup.ts";
import { publicJsonSchema } from "../../src/config/json-schema.ts";
import { configOf, minimal, problemsOf, read } from "./reading.ts";

const withStorage = (storage: string, barge: string): string =>
  `version: 0.1\nstorage: ${storage}\nhttp: {addr: ":5000"}\nbarge: {${barge}}\n`;
const onDisk = (dedup: string): string => withStorage("filesystem", `dedup: {${dedup}}`);
const S3 = "{s3: {bucket: b, region: r}}";
const S3_WITHOUT_REDIRECTS = "{s3: {bucket: b, region: r}, redirect: {disable: true}}";
const READ_ONLY = "{filesystem: , maintenance: {readonly: {enabled: true}}}";

const GIB = 1024 ** 3;
const USUAL = {
  mode: "index",
  isNamed: false,
  coldMs: 86_400_000,
  threads: "auto",
  hours: [{ startMinute: 0, endMinute: 1440 }],
  diskFloorBytes: 2 * GIB,
};

describe("barge.dedup is taken", () => {
  test.for([
    ["", {}],
    ["mode: off", { mode: "off", isNamed: true }],
    ["mode: 'off'", { mode: "off", isNamed: true }],
    ["mode: Off", { mode: "off", isNamed: true }],
    ["mode: false", { mode: "off", isNamed: true }],
    ["mode: no", { mode: "off", isNamed: true }],
    ["mode: index", { isNamed: true }],
    ["mode: at-rest", { mode: "at-rest", isNamed: true }],
    ["mode: ''", {}],
    ["mode: ", {}],
    ["mode: at-rest, cold: 90m", { mode: "at-rest", isNamed: true, coldMs: 5_400_000 }],
    ["mode: at-rest, cold: 0s", { mode: "at-rest", isNamed: true, coldMs: 0 }],
    ["threads: 1", { threads: 1 }],
    ["threads: 64", { threads: 64 }],
    ["threads: auto", {}],
    ["diskFloor: 512MiB", { diskFloorBytes: 512 * 1024 ** 2 }],
    ["diskFloor: 0", { diskFloorBytes: 0 }],
  ] as const)("{%s}", async ([text, wanted]) => {
    const { config, notes, warnings } = await read(onDisk(text));
    expect(config.barge.dedup).toEqual({ ...USUAL, ...wanted });
    expect([...notes, ...warnings]).toEqual([]);
  });

  test.for([
    ["22:00-06:00", [{ startMinute: 1320, endMinute: 360 }]],
    ["[22:00-06:00, 12:00-13:30]", [1320, 360, 720, 810]],
    ["20:00-24:00", [{ startMinute: 1200, endMinute: 1440 }]],
    ["20:00-00:00", [{ startMinute: 1200, endMinute: 1440 }]],
    ["00:00-24:00", USUAL.hours],
    ["9:05 - 17:00", [{ startMinute: 545, endMinute: 1020 }]],
    ["''", USUAL.hours],
  ] as const)("hours: %s", async ([text, wanted]) => {
    const { hours } = (await configOf(onDisk(`hours: ${text}`))).barge.dedup;
    const numbers = hours.flatMap(({ startMinute, endMinute }) => [startMinute, endMinute]);
    expect(typeof wanted[0] === "number" ? numbers : hours).toEqual(wanted);
  });

  test("from the environment, each key of it", async () => {
    const { barge } = await configOf(onDisk("mode: index"), {
      BARGE_DEDUP_MODE: "off",
      BARGE_DEDUP_COLD: "2h",
      BARGE_DEDUP_THREADS: "3",
      BARGE_DEDUP_HOURS: "[22:00-06:00]",
      BARGE_DEDUP_HOURS_1: "12:00-13:00",
      BARGE_DEDUP_DISKFLOOR: "1GiB",
    });
    expect(barge.dedup).toEqual({
      mode: "off",
      isNamed: true,
      coldMs: 7_200_000,
      threads: 3,
      hours: [
        { startMinute: 1320, endMinute: 360 },
        { startMinute: 720, endMinute: 780 },
      ],
      diskFloorBytes: GIB,
    });
  });

  test("as a whole from one variable", async () => {
    const { dedup } = (await configOf(onDisk(""), { BARGE_DEDUP: "{mode: at-rest}" })).barge;
    expect(dedup).toEqual({ ...USUAL, mode: "at-rest", isNamed: true });
  });

  test("and editors are told the modes and the defaults", () => {
    expect(publicJsonSchema().properties?.["barge"]).toMatchObject({
      properties: {
        dedup: {
          additionalProperties: false,
          properties: {
            mode: { type: "string", enum: ["off", "index", "at-rest"] },
            diskFloor: { default: "2GiB" },
          },
        },
      },
    });
  });
});

describe("barge.dedup is refused", () => {
  test.for([
    ["mode: atrest", "mode", 'did you mean "at-rest"?'],
    ["mode: on", "mode", "must be one of off, index, at-rest"],
    ["mode: [index]", "mode", "must be one of off, index, at-rest"],
    ["cold: -1h", "cold", "must be a duration"],
    ["cold: soon", "cold", "must be a duration"],
    ["threads: 0", "threads", "auto or a whole number from 1 to 64"],
    ["threads: 65", "threads", "auto or a whole number from 1 to 64"],
    ["threads: some", "threads", "auto or a whole number from 1 to 64"],
    ["hours: []", "hours", "name at least a time of day"],
    ["hours: night", "hours[0]", "such as 22:00-06:00"],
    ["hours: [22:00-06:00, 24:00-06:00]", "hours[1]", "such as 22:00-06:00"],
    ["hours: 22:00-24:01", "hours[0]", "such as 22:00-06:00"],
    ["hours: 22:60-23:00", "hours[0]", "such as 22:00-06:00"],
    ["hours: 06:00-06:00", "hours[0]", "ends when it starts; write 00:00-24:00"],
    ["hours: 00:00-00:00", "hours[0]", "ends when it starts; write 00:00-24:00"],
    ["hours: {from: 1}", "hours", "must be a list"],
    ["diskFloor: much", "diskFloor", "must be a size"],
    ["diskFloor: -1", "diskFloor", "must be a size"],
    ["diskfloor: 1GiB", "diskfloor", "did you mean barge.dedup.diskFloor?"],
  ] as const)("{%s}", async ([text, key, words]) => {
    expect(await problemsOf(onDisk(text))).toEqual([
      { path: `barge.dedup.${key}`, message: expect.stringContaining(words) },
    ]);
  });

  test.for(["index", "at-rest"])("mode: %s that is named, in memory", async (mode) => {
    expect(await problemsOf(minimal(`barge: {dedup: {mode: ${mode}}}`))).toEqual([
      {
        path: "barge.dedup.mode",
        message: `cannot be ${mode}: with storage.inmemory nothing is kept; use another driver, or write mode: off`,
      },
    ]);
  });

  test.for(["index", "at-rest"])("mode: %s on S3 without a state directory", async (mode) => {
    const problems = await problemsOf(withStorage(S3, ""), { BARGE_DEDUP_MODE: mode });
    expect(problems).toEqual([
      { path: "barge.dedup.mode", message: expect.stringContaining("barge.state.directory") },
    ]);
    expect(problems[0]?.message).toContain("(set by BARGE_DEDUP_MODE)");
  });

  test.for([
    ["off in memory", minimal("barge: {dedup: {mode: off}}")],
    ["off on S3", withStorage(S3, "dedup: {mode: off}")],
    [
      "on S3 with a state directory",
      withStorage(S3, "dedup: {mode: index}, state: {directory: /s}"),
    ],
    ["in read-only mode, which may end", withStorage(READ_ONLY, "dedup: {mode: at-rest}")],
  ] as const)("not where it can work: %s", async ([, text]) => {
    expect(await problemsOf(text)).toEqual([]);
  });
});

describe("effectiveDedup()", () => {
  test.for([
    ["filesystem", "", "index", undefined],
    ["filesystem", "dedup: {mode: at-rest}", "at-rest", undefined],
    ["filesystem", "dedup: {mode: off}", "off", undefined],
    [S3, "state: {directory: /s}", "index", undefined],
    [S3, "", "off", "name one in barge.state.directory"],
    [S3, "dedup: {mode: off}", "off", undefined],
    ["inmemory", "", "off", "storage.inmemory"],
    [READ_ONLY, "", "off", "storage.maintenance.readonly"],
    [READ_ONLY, "dedup: {mode: at-rest}", "off", "storage.maintenance.readonly"],
    [READ_ONLY, "dedup: {mode: off}", "off", undefined],
  ] as const)("storage: %s, barge: {%s}", async ([storage, barge, mode, words]) => {
    const effective = effectiveDedup(await configOf(withStorage(storage, barge)));
    expect(effective.mode).toBe(mode);
    if (words === undefined) expect(effective.why).toBeUndefined();
    else expect(effective.why).toMatch(/^barge\.dedup is off: \w/);
    expect(effective.why ?? "").toContain(words ?? "");
  });
});

describe("warnings", () => {
  test.for([
    [S3, "dedup: {mode: at-rest, cold: 59m}", ["cold: 1h or more"]],
    [S3, "dedup: {mode: at-rest, cold: 1h}", []],
    [S3_WITHOUT_REDIRECTS, "dedup: {mode: at-rest, cold: 0s}", []],
    ["filesystem", "dedup: {mode: at-rest, cold: 0s}", []],
    ["filesystem", "dedup: {cold: 0s}", ["no effect without barge.dedup.mode: at-rest"]],
    ["filesystem", "dedup: {mode: index, cold: 1h}", ["barge.dedup.cold has no effect"]],
    ["filesystem", "dedup: {mode: off, cold: 1h}", []],
    ["filesystem", "dedup: {mode: AT-REST, cold: 24}", ["without a unit means nanoseconds"]],
    [READ_ONLY, "dedup: {mode: at-rest}", ["barge.dedup is off: nothing may be written"]],
    [READ_ONLY, "dedup: {mode: index}", ["barge.dedup is off: nothing may be written"]],
    [READ_ONLY, "dedup: {mode: off}", []],
    [READ_ONLY, "", []],
    ["inmemory", "", []],
    [S3, "", []],
  ] as const)("storage: %s, barge: {%s}", async ([storage, barge, wanted]) => {
    const { notes, warnings } = await read(
      withStorage(storage, `state: {directory: /s}, ${barge}`),
    );
    expect(warnings).toEqual(wanted.map((words) => expect.stringContaining(words)));
    expect(notes).toEqual([]);
  });
});

test.for([
  ["auto", 1, 1],
  ["auto", 2, 1],
  ["auto", 3, 1],
  ["auto", 6, 3],
  ["auto", 8, 4],
  ["auto", 64, 4],
  [7, 2, 7],
] as const)("dedupThreads() of %s with %i cores is %i", ([threads, cores, wanted]) => {
  expect(dedupThreads({ threads }, cores)).toBe(wanted);
});
