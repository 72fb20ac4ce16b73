import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { configOf, minimal, read } from "./reading.ts";

const s3 = (parameters: string, driver = "s3"): string =>
  `version: 0.1\nstorage: {${driver}: {bucket: b, ${parameters}}}\nhttp: {addr: ":5000"}\n`;

describe("the default files of the reference", () => {
  test("the one of version 2 loads with a note about the cache", async () => {
    const path = fileURLToPath(new URL("fixtures/registry-2.yml", import.meta.url));

    const { config, notes, warnings } = await loadConfig({ path, environment: {} });

    expect(warnings).toEqual([]);
    expect(notes).toEqual([expect.stringContaining("storage.cache.blobdescriptor is not needed")]);
    expect(config).toMatchObject({
      source: path,
      log: { level: "info", formatter: "text", fields: { service: "registry" }, accessLog: true },
      storage: {
        driver: { name: "filesystem", rootDirectory: "/var/lib/registry", maxThreads: 100 },
        deleteEnabled: false,
        redirect: true,
        readOnly: false,
        uploadPurging: { enabled: true, ageMs: 604_800_000, intervalMs: 86_400_000, dryRun: false },
        tagConcurrency: 8,
      },
      http: {
        listen: { kind: "tcp", host: "", port: 5000 },
        prefix: "/",
        headers: { "X-Content-Type-Options": ["nosniff"] },
        tls: undefined,
        debug: undefined,
      },
      health: { storageDriver: { intervalMs: 10_000, threshold: 3 } },
    });
  });

  test("the one of version 3 loads, and the variable of its image gives no note", async () => {
    const text = await readFile(new URL("fixtures/registry-3.yml", import.meta.url), "utf8");

    const { config, notes, warnings } = await read(text, { OTEL_TRACES_EXPORTER: "none" });

    expect(warnings).toEqual([]);
    expect(notes).toHaveLength(1);
    expect(config).toMatchObject({
      log: { level: "debug" },
      storage: { deleteEnabled: true, tagConcurrency: 5 },
      http: {
        debug: {
          listen: { kind: "tcp", host: "", port: 5001 },
          prometheus: { path: "/metrics" },
        },
      },
    });
  });
});

test("loadConfig() without a file listens on this machine only and allows deletion", async () => {
  const { config, notes, warnings } = await loadConfig({ environment: {} });

  expect({ notes, warnings }).toEqual({ notes: [], warnings: [] });
  expect(config).toMatchObject({
    source: undefined,
    storage: { driver: { name: "filesystem", rootDirectory: "./data" }, deleteEnabled: true },
    http: { listen: { kind: "tcp", host: "127.0.0.1", port: 5000 } },
    notifications: { includeReferences: false, endpoints: [] },
    validation: { disabled: false, urls: undefined, indexes: undefined },
    catalog: { maxEntries: 1000 },
    tags: { maxTags: 1000 },
    barge: { state: { directory: undefined } },
  });
  expect(config.barge.trustedProxies).toContain("10.0.0.0/8");
});

describe("log", () => {
  test.for([
    ["log: {level: DEBUG}", "debug"],
    ["loglevel: warn", "warn"],
    ["loglevel: warn\nlog: {level: error}", "error"],
    ["", "info"],
  ])("%s means level %s", async ([text, level]) => {
    expect((await configOf(minimal(text))).log.level).toBe(level);
  });

  test("fields take values of any kind, and accesslog can be switched off", async () => {
    const { log } = await configOf(
      minimal(
        "log: {formatter: json, accesslog: {disabled: yes}, fields: {a: 1, b: [x, on], c: 0x10}}",
      ),
    );

    expect(log).toMatchObject({
      formatter: "json",
      accessLog: false,
      fields: { a: 1, b: ["x", true], c: 16 },
    });
  });
});

describe("storage", () => {
  test.for(["storage: inmemory", "storage: {inmemory: }", "storage: {inmemory: {}}"])(
    "%s is the driver in memory",
    async (storage) => {
      const config = await configOf(`version: 0.1\n${storage}\nhttp: {addr: ":5000"}`);
      expect(config.storage.driver).toEqual({ name: "inmemory" });
    },
  );

  test("filesystem takes a quoted number and raises too few threads to 25", async () => {
    const config = await configOf(
      `version: 0.1\nstorage: {filesystem: {rootdirectory: /d, maxthreads: "3"}}\nhttp: {addr: ":5000"}`,
    );
    expect(config.storage.driver).toEqual({
      name: "filesystem",
      rootDirectory: "/d",
      maxThreads: 25,
      directWrites: true,
    });
  });

  test("uploadpurging that is off needs nothing else", async () => {
    const config = await configOf(`version: 0.1
storage: {inmemory: , redirect: {disable: true}, maintenance: {readonly: {enabled: on}, uploadpurging: {enabled: false}}}
http: {addr: ":5000"}`);
    expect(config.storage).toMatchObject({
      redirect: false,
      readOnly: true,
      uploadPurging: { enabled: false },
    });
  });

  test("uploadpurging takes all of its durations", async () => {
    const config = await configOf(`version: 0.1
storage: {inmemory: , maintenance: {uploadpurging: {enabled: true, age: 1h30m, interval: 90s, dryrun: true}}}
http: {addr: ":5000"}`);
    expect(config.storage.uploadPurging).toEqual({
      enabled: true,
      ageMs: 5_400_000,
      intervalMs: 90_000,
      dryRun: true,
    });
  });
});

describe("storage.s3", () => {
  test("has the defaults of the reference on Amazon", async () => {
    const { driver } = (await configOf(s3("region: eu-west-1"))).storage;
    expect(driver).toEqual({
      name: "s3",
      accessKey: undefined,
      secretKey: undefined,
      region: "eu-west-1",
      endpoint: undefined,
      redirectEndpoint: undefined,
      forcePathStyle: false,
      bucket: "b",
      rootDirectory: "",
      encrypt: false,
      keyId: undefined,
      secure: true,
      skipVerify: false,
      chunkSizeBytes: 10_485_760,
      multipartCopyChunkSizeBytes: 33_554_432,
      multipartCopyMaxConcurrency: 100,
      multipartCopyThresholdBytes: 33_554_432,
      storageClass: "STANDARD",
      objectAcl: undefined,
      userAgent: undefined,
      useDualStack: false,
      accelerate: false,
      useFipsEndpoint: false,
    });
  });

  test("with an endpoint needs no region and writes the bucket into the path", async () => {
    const { driver } = (
      await configOf(
        s3(
          'regionendpoint: minio:9000, secure: "false", rootdirectory: /a/b/, chunksize: "20MiB", storageclass: none, loglevel: off, v4auth: true',
          "s3aws",
        ),
      )
    ).storage;
    expect(driver).toMatchObject({
      name: "s3",
      region: "us-east-1",
      endpoint: new URL("http://minio:9000"),
      forcePathStyle: true,
      rootDirectory: "a/b",
      chunkSizeBytes: 20_971_520,
      storageClass: undefined,
    });
  });

  test("forcepathstyle that is written down wins", async () => {
    const { driver } = (
      await configOf(s3("regionendpoint: 'https://r2.example.com', forcepathstyle: false"))
    ).storage;
    expect(driver).toMatchObject({ forcePathStyle: false });
  });

  test("a key that looks like a number stays the text that was written", async () => {
    const { driver } = (await configOf(s3("region: r, accesskey: 0123, secretkey: 1e3"))).storage;
    if (driver.name !== "s3") throw new Error("not s3");
    expect(driver.accessKey).toBe("0123");
    expect(driver.secretKey?.reveal()).toBe("1e3");
  });
});

describe("notifications", () => {
  test("endpoints get defaults, disabled ones are left out", async () => {
    const { notifications } = await configOf(
      minimal(`notifications:
  events: {includereferences: true}
  endpoints:
    - {name: off, disabled: true, url: "http://off"}
    - {url: "https://hook.example.com/x", timeout: 0, threshold: -1}
    - name: all
      url: http://b
      headers: {Authorization: [Bearer x]}
      timeout: 500ms
      threshold: 3
      backoff: 2s
      ignoredmediatypes: [a/b]
      ignore: {mediatypes: [c/d], actions: [pull]}`),
    );
    expect(notifications).toEqual({
      includeReferences: true,
      endpoints: [
        {
          name: "hook.example.com",
          url: "https://hook.example.com/x",
          headers: {},
          timeoutMs: 1000,
          threshold: 10,
          backoffMs: 1000,
          ignoredMediaTypes: [],
          ignoredActions: [],
        },
        {
          name: "all",
          url: "http://b",
          headers: { Authorization: ["Bearer x"] },
          timeoutMs: 500,
          threshold: 3,
          backoffMs: 2000,
          ignoredMediaTypes: ["a/b", "c/d"],
          ignoredActions: ["pull"],
        },
      ],
    });
  });
});

test("health carries every kind of check", async () => {
  const { health } = await configOf(
    minimal(`health:
  storagedriver: {enabled: false}
  file: [{file: /down}]
  http: [{uri: "http://a/", statuscode: 204, timeout: 3s, interval: 5s, threshold: 2, headers: {A: [b]}}]
  tcp: [{addr: "redis:6379", interval: 0}]`),
  );
  expect(health).toEqual({
    storageDriver: undefined,
    files: [{ file: "/down", intervalMs: 10_000, threshold: 0 }],
    http: [
      {
        uri: "http://a/",
        headers: { A: ["b"] },
        statusCode: 204,
        timeoutMs: 3000,
        intervalMs: 5000,
        threshold: 2,
      },
    ],
    tcp: [{ address: "redis:6379", timeoutMs: 10_000, intervalMs: 10_000, threshold: 0 }],
  });
});

describe("validation", () => {
  test.for([
    ["validation: {}", { disabled: false, urls: undefined, indexes: undefined }],
    ["validation: {disabled: true}", { disabled: true }],
    ["validation: {disabled: true, enabled: true}", { disabled: false }],
    ["validation: {manifests: {urls: {}}}", { urls: { allow: [], deny: [] } }],
    ["validation: {manifests: {urls: {allow: ['^https']}}}", { urls: { allow: ["^https"] } }],
    ["validation: {manifests: {indexes: {}}}", { indexes: "all" }],
    ["validation: {manifests: {indexes: {platforms: none}}}", { indexes: "none" }],
    [
      "validation: {manifests: {indexes: {platforms: list, platformlist: [{os: linux, architecture: arm64}]}}}",
      { indexes: [{ os: "linux", architecture: "arm64" }] },
    ],
  ] as const)("%s", async ([text, expected]) => {
    expect((await configOf(minimal(text))).validation).toMatchObject(expected);
  });
});

test.for([
  ["catalog: {maxentries: 0}", 1000],
  ["catalog: {maxentries: -5}", 1000],
  ["catalog: {maxentries: 7}", 7],
] as const)("%s means %i entries", async ([text, count]) => {
  expect((await configOf(minimal(text))).catalog.maxEntries).toBe(count);
});

test("the configuration is frozen, with everything in it", async () => {
  const config = await configOf(minimal("log: {fields: {a: {b: 1}}}"));
  expect(Object.isFrozen(config.barge.trustedProxies)).toBe(true);
  expect(Object.isFrozen(config.log.fields["a"])).toBe(true);
  expect(Object.isFrozen(config.storage.uploadPurging)).toBe(true);
});
