/** What is told beside the configuration: notes and warnings. */
import { describe, expect, test } from "vitest";
import { configOf, minimal, problemsOf, read } from "./reading.ts";

describe("notes", () => {
  test.for([
    ["loglevel: info", "loglevel is the old name of log.level"],
    ["proxy: {ttl: 1h}", "proxy has no effect without remoteurl"],
    ["validation: {enabled: true}", "validation.enabled is an old setting"],
    ["compatibility: {schema1: {enabled: false}}", "compatibility.schema1 is not needed"],
  ] as const)("%s", async ([text, note]) => {
    expect((await read(minimal(text))).notes).toEqual([expect.stringContaining(note)]);
  });

  test.for([
    ["http: {addr: ':1', secret: hunter2}\nstorage: inmemory", "http.secret is not needed"],
    ["http: {addr: ':1', http2: {disabled: true}}\nstorage: inmemory", "http.http2 is not needed"],
    ["http: {addr: ':1', h2c: {enabled: false}}\nstorage: inmemory", "http.h2c is not needed"],
    [
      "http: {addr: ':1'}\nstorage: {inmemory: , cache: {layerinfo: inmemory}}",
      "storage.cache.layerinfo is not needed",
    ],
    [
      "http: {addr: ':1'}\nstorage: {inmemory: , cache: {blobdescriptorsize: 5}}",
      "storage.cache.blobdescriptorsize is not needed",
    ],
    [
      "http: {addr: ':1'}\nstorage: {s3: {bucket: b, region: r, v4auth: true}}",
      "storage.s3.v4auth is not needed",
    ],
  ] as const)("%s", async ([text, note]) => {
    const { notes } = await read(`version: 0.1\n${text}`);
    expect(notes).toEqual([expect.stringContaining(note)]);
    expect(notes.join()).not.toContain("hunter2");
  });

  test("what is carried out needs no word", async () => {
    const { notes, warnings } = await read(
      minimal("auth: none\nbarge: {state: {directory: /state}}"),
    );
    expect([...notes, ...warnings]).toEqual([]);
  });

  test("variables of OpenTelemetry are named together", async () => {
    const { notes } = await read(minimal(), {
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_SERVICE_NAME: "r",
      OTEL_METRICS_EXPORTER: "none",
    });
    expect(notes).toEqual([
      "OTEL_SERVICE_NAME, OTEL_TRACES_EXPORTER: this version exports no traces",
    ]);
  });
});

describe("warnings", () => {
  test.for([
    ["nonsense: 1", "nonsense is not a setting and has no effect"],
    [
      "log: {levle: debug}",
      "log.levle is not a setting and has no effect; did you mean log.level?",
    ],
    [
      "notifications: {endpoints: [{url: 'http://a', backof: 1s}]}",
      "notifications.endpoints[0].backof is not a setting and has no effect; did you mean notifications.endpoints[0].backoff?",
    ],
    [
      "health: {storagedriver: {interval: 10}}",
      "health.storagedriver.interval: 10 without a unit means nanoseconds",
    ],
    [
      "notifications: {endpoints: [{url: 'http://a', timeout: 500}]}",
      "notifications.endpoints[0].timeout: 500 without a unit",
    ],
    ["access: []", "access is not a setting and has no effect; did you mean barge.access?"],
    ["trustedProxies: []", "did you mean barge.trustedProxies?"],
    ["Log: {level: debug}", "Log is not a setting and has no effect; did you mean log?"],
  ] as const)("%s", async ([text, warning]) => {
    expect((await read(minimal(text))).warnings).toEqual([expect.stringContaining(warning)]);
  });

  test.for([
    [
      "storage: inmemory\nhttp: {addr: ':1', debug: {prometheus: {enabled: true}}}",
      "without http.debug.addr",
    ],
    [
      "storage: inmemory\nhttp: {addr: ':1', tls: {certificate: c, key: k, minimumtls: tls1.0}}",
      "versions of TLS that are broken",
    ],
    [
      "storage: {s3: {bucket: b, region: r, keyid: k}}\nhttp: {addr: ':1'}",
      "storage.s3.keyid has no effect without encrypt",
    ],
    [
      "storage: {inmemory: , cache: {blobdescriptor: memcached}}\nhttp: {addr: ':1'}",
      "storage.cache.blobdescriptor names no cache",
    ],
  ] as const)("%s", async ([text, warning]) => {
    const { warnings } = await read(`version: 0.1\n${text}`);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });

  test("sockets of systemd are not used", async () => {
    const { warnings } = await read(minimal(), { LISTEN_FDS: "1" });
    expect(warnings).toEqual([expect.stringContaining("LISTEN_FDS")]);
  });
});

describe("keys that prototypes have", () => {
  const text = (place: string): string =>
    minimal(place).concat(
      "log: {fields: {a: {__proto__: {polluted: 1}}, __proto__: {polluted: 1}, constructor: {prototype: 2}}}\n",
    );

  test("change no prototype, in the file and from the environment", async () => {
    const config = await configOf(
      `${text("")}__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\n`,
      {
        REGISTRY_LOG_FIELDS___PROTO___POLLUTED: "1",
        REGISTRY_LOG_FIELDS_CONSTRUCTOR_PROTOTYPE_POLLUTED: "1",
      },
    );

    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Reflect.get(config.log.fields, "polluted")).toBeUndefined();
    expect(Reflect.get(config.log.fields["a"] ?? {}, "polluted")).toBeUndefined();
    expect(Object.hasOwn(config.log.fields, "constructor")).toBe(true);
  });

  test("are unknown keys like any other", async () => {
    const { warnings } = await read(minimal("__proto__: {polluted: 1}\ntoString: 1"));
    expect(warnings).toEqual([
      "__proto__ is not a setting and has no effect",
      "toString is not a setting and has no effect",
    ]);
    expect(await problemsOf(minimal("barge: {__proto__: {}, constructor: 1}"))).toEqual([
      { path: "barge.__proto__", message: "is not a setting" },
      { path: "barge.constructor", message: "is not a setting" },
    ]);
  });
});
