import { describe, expect, it } from "vitest";
import {
  createLogger,
  type LogFormat,
  type Logger,
  type LogLevel,
} from "../../src/observability/logger.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { LineCollector } from "../fakes/line-collector.ts";

const TIME = "2026-01-02T03:04:05.678Z";

describe("text format", () => {
  const head = `time="${TIME}" level=info`;

  it.each([
    ["plain", {}, `${head} msg=plain`],
    ["listening on [::]:5000", {}, `${head} msg="listening on [::]:5000"`],
    ["", { a: "" }, `${head} msg="" a=""`],
    ["m", { b: 1, a: true, "c.d": "x/y-z@1" }, `${head} msg=m a=true b=1 c.d=x/y-z@1`],
    ["m", { a: 'say "hi"\\' }, `${head} msg=m a="say \\"hi\\"\\\\"`],
    ["m", { a: ["x", { y: 1 }] }, `${head} msg=m a="[\\"x\\",{\\"y\\":1}]"`],
    ["m", { a: undefined, b: null, c: Number.NaN }, `${head} msg=m b=null c=NaN`],
    ["m", { level: "fatal", msg: "x" }, `${head} msg=m fields.level=fatal fields.msg=x`],
    ["m", { "a b\n=": 1 }, `${head} msg=m a_b__=1`],
    ["%s %d %j", {}, `${head} msg="%s %d %j"`],
  ])("of %j with %j", (message, fields, expected) => {
    expect(logOne("text", (log) => log.info(message, fields))).toBe(`${expected}\n`);
  });

  it.each([
    ["CR and LF", "a\r\nlevel=error", '"a\\r\\nlevel=error"'],
    ["escape sequences", "a\u001b[2Jb", '"a\\x1b[2Jb"'],
    ["C1 controls", "a\u009b2Jb", '"a\\x9b2Jb"'],
    ["line separators", "a\u2028b", '"a\\u2028b"'],
    ["bidirectional overrides", "a\u202eb", '"a\\u202eb"'],
    ["tag characters", "a\u{e0041}b", '"a\\U000e0041b"'],
    ["lone surrogates", "a\ud800b", '"a\\ud800b"'],
    ["NUL", "\0", '"\\x00"'],
  ])("cannot be forged by %s", (_, hostile, quoted) => {
    const line = logOne("text", (log) => log.info(hostile, { a: hostile }));
    expect(line).toBe(`${head} msg=${quoted} a=${quoted}\n`);
  });
});

describe("json format", () => {
  it("has time, level in words, the fields and msg", () => {
    const line = logOne("json", (log) => log.warn("careful", { "vars.name": "a/b", n: 1 }));
    expect(JSON.parse(line)).toEqual({
      time: TIME,
      level: "warning",
      msg: "careful",
      "vars.name": "a/b",
      n: 1,
    });
  });

  it("is one line without raw control characters, and means the same", () => {
    const hostile = 'a\r\n{"level":"error"}\u009b\u2028\u202e';
    const line = logOne("json", (log) => log.info("m", { a: hostile }));
    expect(line.slice(0, -1)).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(line)).toMatchObject({ a: hostile, level: "info" });
  });

  it("keeps a field named __proto__ as plain data", () => {
    const fields: unknown = JSON.parse('{"__proto__":{"level":"x"},"a":1}');
    const line = logOne("json", (log) => log.info("m", fields as Record<string, unknown>));
    expect(JSON.parse(line)).toMatchObject({ level: "info", a: 1 });
  });
});

it("logstash format has Logstash's names", () => {
  const line = logOne("logstash", (log) => log.error("broken", { n: 1, message: "x" }));
  expect(JSON.parse(line)).toEqual({
    "@timestamp": TIME,
    "@version": "1",
    level: "error",
    message: "broken",
    n: 1,
    "fields.message": "x",
  });
});

describe("Logger", () => {
  it("writes its level and above", () => {
    const { log, collector } = open("text", "warn");
    log.debug("1");
    log.info("2");
    log.warn("3");
    log.error("4");
    expect(withoutTime(collector)).toEqual(["level=warning msg=3\n", "level=error msg=4\n"]);
  });

  it("child() adds its fields to the parent's, and later ones win", () => {
    const { log, collector } = open("text", "info", { service: "registry", a: 1 });
    log.child({ a: 2, b: 2 }).child({ b: 3 }).info("m", { c: 4 });
    log.info("m");
    expect(withoutTime(collector)).toEqual([
      "level=info msg=m a=2 b=3 c=4 service=registry\n",
      "level=info msg=m a=1 service=registry\n",
    ]);
  });

  it("lays an error out as message, kind and causes, without its stack", () => {
    const error = Object.assign(new Error("no space", { cause: new Error("ENOSPC") }), {
      kind: "StorageUnavailable",
    });
    const line = logOne("json", (log) => log.error("m", { err: error }));
    expect(JSON.parse(line)).toEqual({
      time: TIME,
      level: "error",
      msg: "m",
      "err.message": "no space",
      "err.kind": "StorageUnavailable",
      "err.cause": "ENOSPC",
    });
  });

  it("at debug level gives an error's stack too", () => {
    const { log, collector } = open("json", "debug");
    log.error("m", { err: new Error("no space") });
    const { "err.detail": detail } = JSON.parse(collector.text) as { "err.detail": string };
    expect(detail).toContain("logger.test.ts");
  });

  it("names the code that logs when asked to", () => {
    const destination = new LineCollector();
    const log = createLogger({
      level: "info",
      formatter: "json",
      fields: {},
      destination,
      reportCaller: true,
    });
    const logFromHere = (): void => log.child({ a: 1 }).info("m");
    logFromHere();
    expect(JSON.parse(destination.text)).toMatchObject({
      file: expect.stringMatching(/^observability\/logger\.test\.ts:\d+$/),
      func: "logFromHere",
    });
  });

  it("cuts long text", () => {
    const line = logOne("text", (log) => log.info("m", { a: "x".repeat(1_000_000) }));
    expect(line.length).toBeLessThan(5_000);
  });

  it("writes what JSON has no word for", () => {
    const line = logOne("text", (log) => log.info("m", { a: 5n, b: () => 1, c: new Date(0) }));
    expect(line).toContain(' msg=m a=5 b="[function]" c="1970-01-01T00:00:00.000Z"\n');
  });

  it("survives fields that refer to themselves", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(logOne("json", (log) => log.info("m", { loop }))).toContain("too deep");
  });

  it("tells how many lines a stalled reader cost, once it reads again", () => {
    const { log, collector } = open("json", "info");
    collector.isBlocked = true;
    log.info("1");
    log.info("2");
    collector.isBlocked = false;
    log.info("3");
    log.info("4");
    const lines = collector.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ msg, lines: lost }) => [msg, lost])).toEqual([
      ["3", undefined],
      ["log lines were lost because nobody read them", 2],
      ["4", undefined],
    ]);
  });

  it.each<LogFormat>(["text", "json", "logstash"])("keeps secrets out of %s", (format) => {
    const canary = "c4n4ry-0123456789";
    const secret = { toJSON: () => "[redacted]", value: canary };
    const { log, collector } = open(format, "debug", { token: canary });
    log.child({ authorization: `Basic ${canary}` }).error(`GET /v2/?_state=${canary}`, {
      "http.request.uri": `/v2/a/blobs/uploads/1?_state=${canary}`,
      headers: { Cookie: canary, "x-amz-security-token": [canary], accept: "*/*" },
      nested: { list: [{ password: canary }, `https://u:${canary}@h/`] },
      url: new URL(`https://u:${canary}@h/?X-Amz-Signature=${canary}`),
      secretkey: canary,
      secret,
      config: { key: secret },
      body: Buffer.from(canary),
      err: new Error(`Bearer ${canary}`, { cause: new Error(`password=${canary}`) }),
    });
    expect(collector.text).not.toContain(canary);
    expect(collector.text).not.toContain(Buffer.from(canary).toString("base64"));
    expect(collector.text).toContain("accept");
  });
});

function open(
  formatter: LogFormat,
  level: LogLevel,
  fields: Readonly<Record<string, unknown>> = {},
): { log: Logger; collector: LineCollector } {
  const collector = new LineCollector();
  const clock = new FakeClock();
  const now = (): Date => clock.now();
  return {
    log: createLogger({ level, formatter, fields, destination: collector, now }),
    collector,
  };
}

function logOne(formatter: LogFormat, write: (log: Logger) => void): string {
  const { log, collector } = open(formatter, "info");
  write(log);
  expect(collector.lines).toHaveLength(1);
  expect(collector.text.split("\n")).toHaveLength(2);
  return collector.text;
}

function withoutTime(collector: LineCollector): readonly string[] {
  return collector.lines.map((line) => line.replace(/^time="[^"]*" /, ""));
}

describe("isEnabled", () => {
  it("says of each level, also to children, whether its lines are written", () => {
    const destination = new LineCollector();
    const log = createLogger({ level: "warn", formatter: "json", fields: {}, destination });
    for (const logger of [log, log.child({ a: 1 })]) {
      const enabled = (["debug", "info", "warn", "error"] as const).map((level) =>
        logger.isEnabled(level),
      );
      expect(enabled).toEqual([false, false, true, true]);
    }
  });
});
