import { describe, expect, it } from "vitest";
import {
  type AccessEntry,
  createAccessLog,
  formatCombined,
} from "../../src/observability/access-log.ts";
import { LineCollector } from "../fakes/line-collector.ts";

const ENTRY: AccessEntry = {
  address: "10.0.0.1",
  user: "",
  at: new Date("2026-01-02T15:04:05.678Z"),
  method: "GET",
  uri: "/v2/a/tags/list?n=5",
  protocol: "HTTP/1.1",
  status: 200,
  bytes: 1234,
  referer: "",
  userAgent: "docker/28.0",
};

describe("formatCombined()", () => {
  it("writes Apache's Combined Log Format", () => {
    expect(formatCombined(ENTRY)).toBe(
      '10.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /v2/a/tags/list?n=5 HTTP/1.1" 200 1234 "" "docker/28.0"\n',
    );
  });

  it("names the user and the referer", () => {
    const line = formatCombined({ ...ENTRY, user: "alice", referer: "https://ui/" });
    expect(line).toContain("10.0.0.1 - alice [");
    expect(line).toContain(' "https://ui/" "docker/28.0"\n');
  });

  it("keeps upload state, signatures, tokens and user information out", () => {
    const canary = "c4n4ry-0123456789";
    const line = formatCombined({
      ...ENTRY,
      uri: `/v2/a/blobs/uploads/1?_state=${canary}&digest=sha256:00`,
      referer: `https://u:${canary}@h/?X-Amz-Signature=${canary}`,
      userAgent: `curl (Authorization: Bearer ${canary}) token=${canary} http://u:${canary}@h`,
    });
    expect(line).not.toContain(canary);
    expect(line).toContain("?_state=[redacted]&digest=sha256:00 HTTP/1.1");
  });

  it.each([
    ["uri", '/a" 200 0\r\n10.0.0.9', '"GET /a\\" 200 0\\r\\n10.0.0.9 HTTP/1.1"'],
    ["userAgent", 'x"\n\u001b[2J\\', '"x\\"\\n\\x1b[2J\\\\"'],
    ["referer", "a\u0000\u202e", '"a\\x00\\u202e"'],
    ["user", 'eve [x] "', '- eve\\x20[x]\\x20\\" ['],
  ])("cannot be forged by the %s", (field, hostile, expected) => {
    const line = formatCombined({ ...ENTRY, [field]: hostile });
    expect(line).toContain(expected);
    expect(line.indexOf("\n")).toBe(line.length - 1);
  });

  it("cuts long fields", () => {
    expect(formatCombined({ ...ENTRY, userAgent: "x".repeat(100_000) }).length).toBeLessThan(5_000);
  });
});

it("createAccessLog() writes a line per request", () => {
  const destination = new LineCollector();
  const log = createAccessLog({ destination });
  log.record(ENTRY);
  log.record({ ...ENTRY, status: 404 });
  expect(destination.lines).toEqual([
    formatCombined(ENTRY),
    formatCombined({ ...ENTRY, status: 404 }),
  ]);
});
