import { describe, expect, test } from "vitest";
import { configOf, minimal, problemsOf, read } from "./reading.ts";

const FILESYSTEM = `version: 0.1
storage: {filesystem: {rootdirectory: /file}, delete: {enabled: true}, cache: {blobdescriptor: inmemory}}
http: {addr: ":5000", headers: {X-Frame-Options: [DENY]}}
notifications: {endpoints: [{name: a, url: "http://a"}]}
`;

describe("REGISTRY_ variables", () => {
  test.for([
    ["REGISTRY_HTTP_ADDR", "127.0.0.1:6000", { http: { listen: { port: 6000 } } }],
    [
      "REGISTRY_HTTP_HOST",
      "https://r.example.com",
      { http: { host: new URL("https://r.example.com") } },
    ],
    ["REGISTRY_HTTP_RELATIVEURLS", "on", { http: { relativeUrls: true } }],
    ["REGISTRY_HTTP_DRAINTIMEOUT", "60000000000", { http: { drainTimeoutMs: 60_000 } }],
    ["REGISTRY_HTTP_DEBUG_ADDR", ":5001", { http: { debug: { listen: { port: 5001 } } } }],
    ["REGISTRY_LOG_LEVEL", "debug", { log: { level: "debug" } }],
    ["REGISTRY_LOGLEVEL", "warn", { log: { level: "warn" } }],
    ["REGISTRY_LOG_FIELDS_SERVICE", "r", { log: { fields: { service: "r" } } }],
    ["REGISTRY_LOG_FIELDS", "{a: 1}", { log: { fields: { a: 1 } } }],
    ["REGISTRY_LOG_ACCESSLOG_DISABLED", "true", { log: { accessLog: false } }],
    ["REGISTRY_STORAGE_DELETE_ENABLED", "false", { storage: { deleteEnabled: false } }],
    ["REGISTRY_STORAGE_REDIRECT_DISABLE", "true", { storage: { redirect: false } }],
    [
      "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY",
      "/variable",
      { storage: { driver: { rootDirectory: "/variable" } } },
    ],
    ["REGISTRY_STORAGE_MAINTENANCE_READONLY", "{enabled: true}", { storage: { readOnly: true } }],
    ["REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED", "true", { storage: { readOnly: true } }],
    [
      "REGISTRY_STORAGE",
      "inmemory",
      { storage: { driver: { name: "inmemory" }, deleteEnabled: false } },
    ],
    ["REGISTRY_STORAGE", "{inmemory: {}}", { storage: { driver: { name: "inmemory" } } }],
    ["REGISTRY_HTTP_HEADERS", "{X-A: [b]}", { http: { headers: { "X-A": ["b"] } } }],
    [
      "REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS",
      "[SAMEORIGIN]",
      { http: { headers: { "X-Frame-Options": ["SAMEORIGIN"] } } },
    ],
    [
      "REGISTRY_HTTP_HEADERS_ACCESS-CONTROL-ALLOW-ORIGIN",
      "['*']",
      { http: { headers: { "access-control-allow-origin": ["*"] } } },
    ],
    ["REGISTRY_VALIDATION_DISABLED", "true", { validation: { disabled: true } }],
    [
      "REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW",
      "['^a', '^b']",
      { validation: { urls: { allow: ["^a", "^b"] } } },
    ],
    ["REGISTRY_HEALTH_FILECHECKERS_0_FILE", "/down", { health: { files: [{ file: "/down" }] } }],
    ["REGISTRY_HEALTH_HTTPCHECKERS_0_URI", "http://a", { health: { http: [{ uri: "http://a" }] } }],
    ["REGISTRY_HEALTH_TCPCHECKERS_0_ADDR", "a:1", { health: { tcp: [{ address: "a:1" }] } }],
    [
      "REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES",
      "true",
      { notifications: { includeReferences: true } },
    ],
    [
      "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL",
      "http://b",
      { notifications: { endpoints: [{ name: "a", url: "http://b" }] } },
    ],
    [
      "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_HEADERS_AUTHORIZATION",
      "[Bearer x]",
      { notifications: { endpoints: [{ headers: { authorization: ["Bearer x"] } }] } },
    ],
    [
      "REGISTRY_NOTIFICATIONS_ENDPOINTS_1",
      "{name: b, url: http://b}",
      { notifications: { endpoints: [{ name: "a" }, { name: "b" }] } },
    ],
    ["REGISTRY_CATALOG_MAXENTRIES", "1e2", { catalog: { maxEntries: 100 } }],
    ["BARGE_STATE_DIRECTORY", "/state", { barge: { state: { directory: "/state" } } }],
    ["BARGE_TRUSTEDPROXIES", "[10.0.0.0/8]", { barge: { trustedProxies: ["10.0.0.0/8"] } }],
    ["BARGE_TRUSTEDPROXIES_0", "192.0.2.1", { barge: { trustedProxies: ["192.0.2.1"] } }],
  ] as const)("%s=%s", async ([name, value, expected]) => {
    const { config, warnings } = await read(FILESYSTEM, { [name]: value });

    expect(config).toMatchObject(expected);
    expect(warnings).toEqual([]);
  });

  test("a section comes before what is in it, whatever order the variables have", async () => {
    const { storage } = await configOf(FILESYSTEM, {
      REGISTRY_STORAGE_S3_REGION: "eu-west-1",
      REGISTRY_STORAGE_S3_BUCKET: "b",
      REGISTRY_STORAGE: "s3",
    });

    expect(storage).toMatchObject({
      driver: { name: "s3", bucket: "b", region: "eu-west-1" },
      deleteEnabled: false,
    });
  });

  test("a second driver beside the one of the file is a problem", async () => {
    const problems = await problemsOf(FILESYSTEM, {
      REGISTRY_STORAGE_S3_REGION: "eu-west-1",
      REGISTRY_STORAGE_S3_BUCKET: "b",
    });

    expect(problems).toEqual([
      { path: "storage", message: expect.stringContaining("REGISTRY_STORAGE=NAME") },
    ]);
  });

  test("a list grows item by item, and a gap is a problem", async () => {
    const two = await configOf(minimal(), {
      REGISTRY_HEALTH_TCPCHECKERS_0_ADDR: "a:1",
      REGISTRY_HEALTH_TCPCHECKERS_1_ADDR: "b:1",
    });
    expect(two.health.tcp.map(({ address }) => address)).toEqual(["a:1", "b:1"]);

    expect(await problemsOf(minimal(), { REGISTRY_HEALTH_TCPCHECKERS_1_ADDR: "b:1" })).toEqual([
      {
        path: "REGISTRY_HEALTH_TCPCHECKERS_1_ADDR",
        message: expect.stringContaining("undefined index 1"),
      },
    ]);
    expect(await problemsOf(minimal(), { REGISTRY_HEALTH_TCPCHECKERS_A_ADDR: "b:1" })).toEqual([
      {
        path: "REGISTRY_HEALTH_TCPCHECKERS_A_ADDR",
        message: expect.stringContaining("A is not the number"),
      },
    ]);
  });

  test.for([
    ["REGISTRY_PORT", "tcp://10.0.0.1:5000"],
    ["REGISTRY_SERVICE_HOST", "10.0.0.1"],
    ["REGISTRY_HTTP_NONSENSE", "["],
    ["REGISTRY_HTTP_ADDR_MORE", "x"],
    ["REGISTRY_HEALTH_FILE_0_FILE", "x"],
    ["REGISTRY_LOG_FIELDS_A_B", "x"],
    ["REGISTRY_", "x"],
    ["REGISTRY_BARGE_STATE_DIRECTORY", "/s"],
    ["BARGE_PORTS", "5000"],
    ["BARGE_STATE_NONSENSE", "x"],
  ])("%s names no setting: it is warned of and ignored", async ([name = "", value]) => {
    const { warnings } = await read(minimal("log: {fields: {a: text}}"), { [name]: value });

    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`^ignoring unrecognized environment variable ${name}\\b`)),
    ]);
  });

  test.for([
    ["REGISTRY_HTTP_ADR", "REGISTRY_HTTP_ADDR"],
    ["REGISTRY_HTPT_ADDR", "REGISTRY_HTTP_ADDR"],
    ["BARGE_TRUSTEDPROXY", "BARGE_TRUSTEDPROXIES"],
    ["BARGE_TRUSTEDPROXIS_0", "BARGE_TRUSTEDPROXIES_0"],
    ["BARGE_TRUSTED_PROXIES", "BARGE_TRUSTEDPROXIES"],
    ["BARGE_STATE_DIRECTOR", "BARGE_STATE_DIRECTORY"],
  ])("a warning of %s names the whole variable that is meant", async ([name = "", meant]) => {
    const { warnings } = await read(minimal(), { [name]: "x" });
    expect(warnings).toEqual([
      `ignoring unrecognized environment variable ${name}; did you mean ${meant}?`,
    ]);
  });

  test("what an orchestrator sets for a service named barge is let alone", async () => {
    const { notes, warnings } = await read(minimal(), {
      BARGE_PORT: "tcp://10.0.0.1:5000",
      BARGE_PORT_5000_TCP: "tcp://10.0.0.1:5000",
      BARGE_PORT_5000_TCP_ADDR: "10.0.0.1",
      BARGE_SERVICE_HOST: "10.0.0.1",
      BARGE_SERVICE_PORT: "5000",
      BARGE_SERVICE_PORT_HTTP: "5000",
    });
    expect({ notes, warnings }).toEqual({ notes: [], warnings: [] });
  });

  test("REGISTRY_VERSION cannot change the format", async () => {
    const { warnings } = await read(minimal(), { REGISTRY_VERSION: "9.9" });
    expect(warnings).toEqual([expect.stringContaining("REGISTRY_VERSION is ignored")]);
  });

  test("variables that are no settings are let alone", async () => {
    const { notes, warnings } = await read(minimal(), {
      REGISTRY_CONFIGURATION_PATH: "x",
      BARGE_CONFIG: "x",
      BARGE_LOG: "x",
      BARGE_NODE: "x",
      BARGE_ROOT: "x",
      BARGE_SERVER: "x",
      REGISTRYX: "x",
      BARGE: "x",
      PATH: "x",
    });
    expect({ notes, warnings }).toEqual({ notes: [], warnings: [] });
  });

  test("a value that is not YAML is a problem that names the variable and not the value", async () => {
    const problems = await problemsOf(minimal(), { REGISTRY_HTTP_ADDR: "[::]:5000" });

    expect(problems).toEqual([
      { path: "REGISTRY_HTTP_ADDR", message: expect.stringContaining("quotes") },
    ]);
    expect(JSON.stringify(problems)).not.toContain("::");
  });

  test("a problem with a value names the variable", async () => {
    expect(await problemsOf(minimal(), { REGISTRY_HTTP: "tcp://10.0.0.1:80" })).toEqual([
      { path: "http", message: "must be a map, but is text (set by REGISTRY_HTTP)" },
    ]);
    expect(await problemsOf(minimal(), { REGISTRY_TAGS_MAXTAGS: "-1" })).toEqual([
      { path: "tags.maxtags", message: expect.stringContaining("(set by REGISTRY_TAGS_MAXTAGS)") },
    ]);
  });

  test.for([
    ["REGISTRY_PROXY_REMOTEURL", "https://registry.example.com", "proxy.remoteurl"],
    ["REGISTRY_REDIS_ADDRS", "[a:6379,b:6379]", "redis"],
    ["REGISTRY_REDIS_TLS_CERTIFICATE", "/c", "redis"],
    ["REGISTRY_STORAGE", "azure", "storage.azure"],
    ["REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR", "redis", "storage.cache.blobdescriptor"],
    ["REGISTRY_LOG_HOOKS_0_MAILOPTIONS_FROM", "a@example.com", "log.hooks[0]"],
    ["REGISTRY_MIDDLEWARE_STORAGE", "[{name: cloudfront}]", "middleware.storage[0]"],
    ["BARGE_GC_SCHEDULE", "daily", "barge.gc"],
    ["BARGE_SCRUB", "true", "barge.scrub"],
  ])("%s=%s stops the start", async ([name = "", value, path]) => {
    const problems = await problemsOf(FILESYSTEM, { [name]: value });

    expect(problems).toEqual([
      { path, message: expect.stringContaining("is not carried out by this version") },
    ]);
  });

  test("a wrong kind in the file is not hidden by a variable for what is in it", async () => {
    const problems = await problemsOf("version: 0.1\nstorage: inmemory\nhttp: text", {
      REGISTRY_HTTP_ADDR: ":5000",
    });
    expect(problems).toEqual([expect.objectContaining({ path: "http" })]);
  });

  test("an empty value takes a setting away", async () => {
    const config = await configOf(`${minimal()}catalog: {maxentries: 5}`, {
      REGISTRY_CATALOG_MAXENTRIES: "",
    });
    expect(config.catalog.maxEntries).toBe(1000);
  });
});
