import { describe, expect, it } from "vitest";
import { isSensitiveName, redactText, redactUrl } from "../../src/observability/redaction.ts";

const CANARY = "c4n4ry-0123456789";

describe("redactUrl()", () => {
  it.each([
    [`/v2/a/blobs/uploads/1?_state=${CANARY}`, "/v2/a/blobs/uploads/1?_state=[redacted]"],
    [`/v2/a?digest=sha256:ab&_state=${CANARY}&n=1`, "/v2/a?digest=sha256:ab&_state=[redacted]&n=1"],
    [`/v2/a?%5Fstate=${CANARY}`, "/v2/a?%5Fstate=[redacted]"],
    [`https://s3/b?X-Amz-Signature=${CANARY}&x=1`, "https://s3/b?X-Amz-Signature=[redacted]&x=1"],
    [`https://s3/b?x-amz-security-token=${CANARY}`, "https://s3/b?x-amz-security-token=[redacted]"],
    [`https://s3/b?Signature=${CANARY}#part`, "https://s3/b?Signature=[redacted]#part"],
    [`https://az/b?sv=1&sig=${CANARY}`, "https://az/b?sv=1&sig=[redacted]"],
    [`/auth/token?refresh_token=${CANARY};a=b`, "/auth/token?refresh_token=[redacted];a=b"],
    [`https://user:${CANARY}@host/path`, "https://host/path"],
    [`https://${CANARY}@host:5000/`, "https://host:5000/"],
    [`redis://:${CANARY}@[::1]:6379/0`, "redis://[::1]:6379/0"],
    [`https://user:a@${CANARY}@host/`, "https://host/"],
    [`//user:${CANARY}@host/path`, "//host/path"],
    [`get "//user:${CANARY}@host/path"`, 'get "//host/path"'],
  ])("takes the secret out of %s", (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });

  it.each([
    "/v2/a/b/tags/list?n=10&last=v1",
    "/v2/?mount=sha256:00&from=c/d",
    "https://host/a@b?x=user@host",
    "/a//b@c",
    "state=5 signed=off",
    "a?%zz=1",
    "",
  ])("leaves %j as it is", (url) => {
    expect(redactUrl(url)).toBe(url);
  });
});

describe("redactText()", () => {
  it.each([
    `upstream said no to Authorization: Basic ${CANARY}`,
    `sent Bearer ${CANARY} and got 401`,
    `cookie: session=${CANARY}; theme=dark`,
    `Set-Cookie: a=${CANARY}`,
    `x-amz-security-token: ${CANARY}`,
    `{"auths":{"host":{"password":"${CANARY}"}}}`,
    `{"identitytoken" : "a\\"${CANARY}"}`,
    `redis: AUTH failed for password=${CANARY}`,
    `connect secretkey=${CANARY}, retrying`,
    `get http://u:${CANARY}@proxy:3128: refused`,
  ])("takes the secret out of %s", (text) => {
    expect(redactText(text)).not.toContain(CANARY);
  });

  it.each([
    'Bearer realm="https://host/auth/token",service="reg"',
    "Basic authentication is off",
    "time: 12:30, level: 5",
    '{"tag":"v1"}',
  ])("leaves %j as it is", (text) => {
    expect(redactText(text)).toBe(text);
  });

  it.each(["a", "?", "://", '"a":"', "a=", "Bearer ", "%5F", "a: ", " ", '\\"'])(
    "ends in good time for a long run of %j",
    (part) => {
      expect(typeof redactText(part.repeat(200_000 / part.length))).toBe("string");
    },
  );
});

describe("isSensitiveName()", () => {
  it.each([
    "Authorization",
    "Proxy-Authorization",
    "set-cookie",
    "X-Amz-Date",
    "db.password",
    "accessToken",
    "client_secret",
    "secretkey",
    "accesskey",
    "AWSAccessKeyId",
    "_state",
  ])("is true for %s", (name) => {
    expect(isSensitiveName(name)).toBe(true);
  });

  it.each(["state", "vars.digest", "tokens", "http.request.uri", "secretary", "keyid"])(
    "is false for %s",
    (name) => {
      expect(isSensitiveName(name)).toBe(false);
    },
  );
});
