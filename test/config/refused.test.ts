import { describe, expect, test } from "vitest";
import { NOT_CARRIED_OUT } from "../../src/config/not-carried-out.ts";
import { minimal, problemsOf } from "./reading.ts";

const storage = (section: string): string =>
  `version: 0.1\nstorage: ${section}\nhttp: {addr: ":5000"}\n`;
const http = (section: string): string =>
  `version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000", ${section}}\n`;
const s3 = (parameters: string, driver = "s3"): string =>
  storage(`{${driver}: {bucket: b, region: eu-west-1, ${parameters}}}`);

/** Text, and the path that must be named as not carried out. */
const NOT_CARRIED_OUT_TEXTS: readonly (readonly [string, string])[] = [
  [minimal("log: {hooks: [{type: mail, disabled: true}, {type: mail}]}"), "log.hooks[1]"],
  [minimal("log: {hooks: [{levels: error}]}"), "log.hooks[0]"],
  [storage("azure"), "storage.azure"],
  [storage("{azure: {accountname: a}}"), "storage.azure"],
  [storage("{gcs: {bucket: b}}"), "storage.gcs"],
  [storage("{swift: {username: a}}"), "storage.swift"],
  [storage("{oss: ~}"), "storage.oss"],
  [s3("v4auth: false"), "storage.s3.v4auth"],
  [s3('v4auth: "false"'), "storage.s3.v4auth"],
  [s3("v4auth: false", "s3aws"), "storage.s3aws.v4auth"],
  [s3("loglevel: debug"), "storage.s3.loglevel"],
  [s3("loglevel: debugwithsigning", "s3aws"), "storage.s3aws.loglevel"],
  [storage("{inmemory: {}, cache: {blobdescriptor: redis}}"), "storage.cache.blobdescriptor"],
  [storage("{inmemory: {}, cache: {layerinfo: redis}}"), "storage.cache.layerinfo"],
  [minimal("middleware: {storage: [{name: cloudfront}]}"), "middleware.storage[0]"],
  [minimal("middleware: {registry: [{name: x, disabled: false}]}"), "middleware.registry[0]"],
  [http("tls: {letsencrypt: {cachefile: /c, email: e, hosts: [h]}}"), "http.tls.letsencrypt"],
  [http("h2c: {enabled: true}"), "http.h2c.enabled"],
  [minimal("redis: {addr: localhost:6379}"), "redis"],
  [minimal("redis: {addrs: [localhost:6379]}"), "redis"],
  [minimal("proxy: {remoteurl: https://registry.example.com}"), "proxy.remoteurl"],
  [minimal("policy: {repository: {classes: [image]}}"), "policy.repository.classes"],
  [minimal("reporting: {bugsnag: {apikey: k}}"), "reporting"],
  [minimal("compatibility: {schema1: {enabled: true}}"), "compatibility.schema1.enabled"],
  ...["registries", "mirrors", "cache"].map(
    (key) => [minimal(`barge: {${key}: {}}`), `barge.${key}`] as const,
  ),
  ...["worker", "egress", "links", "sync", "pipelines", "runtime", "gc", "retention"].map(
    (key) => [minimal(`barge: {${key}: 1}`), `barge.${key}`] as const,
  ),
  ...["quotas", "scrub"].map((key) => [minimal(`barge: {${key}: }`), `barge.${key}`] as const),
];

describe("what this version does not carry out", () => {
  test.for(
    NOT_CARRIED_OUT_TEXTS.map(([text, path]) => ({ text, path, flow: text.replaceAll("\n", " ") })),
  )("$path stops the start in: $flow", async ({ text, path }) => {
    const problems = await problemsOf(text);

    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.message).toMatch(/is not carried out by this version; \w/);
  });

  test("every row of the table is tried above", () => {
    const tried = NOT_CARRIED_OUT_TEXTS.map(([, path]) => path);
    const untried = NOT_CARRIED_OUT.filter(({ path }) => {
      const pattern = new RegExp(
        `^${path.replaceAll(".", String.raw`\.`).replaceAll(/\\\.\*/g, String.raw`(?:\.\w+|\[\d+\])`)}$`,
      );
      return !tried.some((seen) => pattern.test(seen));
    });

    expect(untried.map(({ path }) => path)).toEqual([]);
  });
});

/** Text, path and a piece of the message. */
const NONSENSE: readonly (readonly [string, string, string])[] = [
  ["storage: inmemory\nhttp: {addr: ':1'}", "version", "version: 0.1"],
  ["version: 0.2\nstorage: inmemory\nhttp: {addr: ':1'}", "version", "must be 0.1"],
  ["version: abc\nstorage: inmemory\nhttp: {addr: ':1'}", "version", "must be 0.1"],
  ["version: 0.1\nhttp: {addr: ':1'}", "storage", "names no driver"],
  ["version: 0.1\nstorage: {delete: {enabled: true}}\nhttp: {addr: ':1'}", "storage", "no driver"],
  ["version: 0.1\nstorage: inmemory", "http", "is missing"],
  ["version: 0.1\nstorage: inmemory\nhttp: {}", "http.addr", "is missing"],
  [storage("{inmemory: {}, filesystem: {}}"), "storage", "more than one driver"],
  [storage("filesytem"), "storage.filesytem", 'did you mean "storage.filesystem"?'],
  [storage("{inmemory: {}, delete: {enabled: 'true'}}"), "storage.delete.enabled", "true or false"],
  [
    storage("{inmemory: {}, redirect: {disable: 'x'}}"),
    "storage.redirect.disable",
    "true or false",
  ],
  [
    storage("{inmemory: {}, maintenance: {uploadpurging: {enabled: true, age: 1h, interval: 1h}}}"),
    "storage.maintenance.uploadpurging.dryrun",
    "is missing",
  ],
  [
    storage("{inmemory: {}, maintenance: {readonly: {enabled: 1}}}"),
    "storage.maintenance.readonly.enabled",
    "true or false",
  ],
  [storage("{s3: {region: eu-west-1}}"), "storage.s3.bucket", "is missing"],
  [storage("{s3: {bucket: b}}"), "storage.s3.region", "regionendpoint"],
  [s3("accesskey: a"), "storage.s3.secretkey", "belong together"],
  [s3("secretkey: a"), "storage.s3.accesskey", "belong together"],
  [s3("chunksize: 1048576"), "storage.s3.chunksize", "5242880"],
  [s3("chunksize: big"), "storage.s3.chunksize", "10MiB"],
  [s3("multipartcopymaxconcurrency: 0"), "storage.s3.multipartcopymaxconcurrency", "from 1"],
  [s3("storageclass: COLD"), "storage.s3.storageclass", "must be one of"],
  [s3("objectacl: everybody"), "storage.s3.objectacl", "must be one of"],
  [s3("secure: perhaps"), "storage.s3.secure", "true or false"],
  [s3("regionendpoint: ftp://x"), "storage.s3.regionendpoint", "must be a URL"],
  [s3("redirectendpoint: 'http://'"), "storage.s3.redirectendpoint", "must be a URL"],
  [minimal("log: {level: loud}"), "log.level", "error, warn, info, debug"],
  [minimal("log: {level: inf}"), "log.level", 'did you mean "info"?'],
  [minimal("log: {formatter: xml}"), "log.formatter", "text, json, logstash"],
  [minimal("log: []"), "log", "must be a map, but is a list"],
  [minimal("loglevel: loud"), "loglevel", "must be one of"],
  ["version: 0.1\nstorage: inmemory\nhttp: {addr: '5000'}", "http.addr", '":5000"'],
  ["version: 0.1\nstorage: inmemory\nhttp: {addr: ':70000'}", "http.addr", "with a port"],
  ["version: 0.1\nstorage: inmemory\nhttp: {addr: '::1:5000'}", "http.addr", "[::1]:5000"],
  ["version: 0.1\nstorage: inmemory\nhttp: {addr: 'host:http'}", "http.addr", "with a port"],
  [http("net: udp"), "http.net", "tcp, unix"],
  [http("prefix: x/"), "http.prefix", "begin and end with /"],
  [http("prefix: /x"), "http.prefix", "begin and end with /"],
  [http("host: registry.example.com"), "http.host", "must be a URL"],
  [http("host: 'ftp://registry.example.com'"), "http.host", "must be a URL"],
  [http("draintimeout: soon"), "http.draintimeout", "duration"],
  [http("draintimeout: -1s"), "http.draintimeout", "duration"],
  [http("draintimeout: 1.5"), "http.draintimeout", "duration"],
  [http("tls: {certificate: c}"), "http.tls.key", "both"],
  [http("tls: {key: k}"), "http.tls.certificate", "both"],
  [http("tls: {certificate: c, key: k, minimumtls: ssl3}"), "http.tls.minimumtls", "tls1.2"],
  [
    http("tls: {certificate: c, key: k, ciphersuites: [TLS_RSA_WITH_RC4_128_SHA]}"),
    "http.tls.ciphersuites[0]",
    "not a cipher suite",
  ],
  [http("headers: {X-A: text}"), "http.headers.X-A", "must be a list"],
  [http('headers: {X-A: ["a\\r\\nX-B: b"]}'), "http.headers.X-A[0]", "not the value of a header"],
  [http("headers: {'X A': [a]}"), "http.headers.X A", "not the name of a header"],
  [http("debug: {addr: 'x'}"), "http.debug.addr", "with a port"],
  [http("debug: {addr: ':1', prometheus: {path: metrics}}"), "http.debug.prometheus.path", "/"],
  [
    minimal("notifications: {endpoints: [{name: a, url: nowhere}]}"),
    "notifications.endpoints[0].url",
    "URL",
  ],
  [minimal("notifications: {endpoints: [{name: a}]}"), "notifications.endpoints[0].url", "missing"],
  [
    minimal("notifications: {endpoints: [{url: 'http://a', ignore: {actions: [pusch]}}]}"),
    "notifications.endpoints[0].ignore.actions[0]",
    'did you mean "push"?',
  ],
  [
    minimal("notifications: {endpoints: [{url: 'http://a', timeout: x}]}"),
    "notifications.endpoints[0].timeout",
    "duration",
  ],
  [
    minimal("health: {storagedriver: {threshold: -1}}"),
    "health.storagedriver.threshold",
    "least 0",
  ],
  [minimal("health: {file: [{interval: 1s}]}"), "health.file[0].file", "missing"],
  [minimal("health: {http: [{uri: x}]}"), "health.http[0].uri", "URL"],
  [minimal("health: {tcp: [{addr: x}]}"), "health.tcp[0].addr", "host:port"],
  [
    minimal("validation: {manifests: {urls: {allow: ['^https', '(?=x)']}}}"),
    "validation.manifests.urls.allow[1]",
    "RE2",
  ],
  [
    minimal("validation: {manifests: {urls: {deny: ['(']}}}"),
    "validation.manifests.urls.deny[0]",
    "RE2",
  ],
  [
    minimal("validation: {manifests: {indexes: {platforms: some}}}"),
    "validation.manifests.indexes.platforms",
    "all, none, list",
  ],
  [
    minimal("validation: {manifests: {indexes: {platforms: list}}}"),
    "validation.manifests.indexes.platformlist",
    "is empty",
  ],
  [
    minimal("validation: {manifests: {indexes: {platforms: list, platformlist: [{os: linux}]}}}"),
    "validation.manifests.indexes.platformlist[0].architecture",
    "is missing",
  ],
  [minimal("catalog: {maxentries: many}"), "catalog.maxentries", "a whole number"],
  [minimal("tags: {maxtags: -1}"), "tags.maxtags", "must not be negative"],
  [
    minimal("barge: {trustedProxies: [proxy.example.com]}"),
    "barge.trustedProxies[0]",
    "10.0.0.0/8",
  ],
  [minimal("barge: {trustedProxies: [10.0.0.0/33]}"), "barge.trustedProxies[0]", "10.0.0.0/8"],
  [minimal("barge: {trustedproxies: []}"), "barge.trustedproxies", "barge.trustedProxies?"],
  [minimal("barge: {stat: {directory: x}}"), "barge.stat", "did you mean barge.state?"],
  [minimal("barge: {processes: 2}"), "barge.processes", "storage.inmemory"],
  [minimal("barge: {processes: auto}"), "barge.processes", "storage.inmemory"],
  [
    "version: 0.1\nstorage: filesystem\nhttp: {addr: /s, net: unix}\nbarge: {processes: 2}",
    "barge.processes",
    "not a socket",
  ],
  [minimal("barge: {processes: 0}"), "barge.processes", "at least 1"],
  [minimal("barge: {processes: 257}"), "barge.processes", "at most 256"],
  [minimal("barge: {processes: 1.5}"), "barge.processes", "from 1 to 256"],
  [minimal("barge: {processes: all}"), "barge.processes", "auto or a whole number"],
  [minimal("barge: {limits: {connections: 0}}"), "barge.limits.connections", "at least 1"],
  [minimal("barge: {limits: {memory: some}}"), "barge.limits.memory", "such as 512MiB"],
  [minimal("barge: {limits: {buffered: 1}}"), "barge.limits.buffered", "must be a size"],
  [minimal("barge: {limits: {conections: 9}}"), "barge.limits.conections", "connections?"],
  [minimal("barge: {state: {dir: x}}"), "barge.state.dir", "is not a setting"],
];

describe("nonsense", () => {
  test.for(
    NONSENSE.map(([text, path, words]) => ({
      text,
      path,
      words,
      flow: text.replaceAll("\n", " "),
    })),
  )("$path is refused with '$words' in: $flow", async ({ text, path, words }) => {
    const problems = await problemsOf(text);

    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.message).toContain(words);
  });
});

test("readConfig() tells all problems at once, one for each place", async () => {
  const problems = await problemsOf(`
version: 0.3
storage: {filesystem: , s3: {chunksize: 1, v4auth: off}}
auth: silly
http: {addr: "5000", prefix: x, tls: {key: k}}
tags: {maxtags: -1}
barge: {gc: {schedule: x}, stat: {}}
`);

  expect(problems.map(({ path }) => path)).toEqual([
    "storage.s3.v4auth",
    "barge.gc",
    "barge.stat",
    "version",
    "storage.s3.bucket",
    "storage.s3.chunksize",
    "storage.s3.region",
    "storage",
    "auth.silly.realm",
    "auth.silly.service",
    "http.prefix",
    "http.tls.certificate",
    "http.addr",
    "tags.maxtags",
  ]);
});
