import { describe, expect, it } from "vitest";
import { AddressList } from "../../src/lib/address-list.ts";
import {
  clientAddress,
  externalOrigin,
  type ExternalUrlSettings,
  isHost,
  provenAddress,
} from "../../src/registry/external-url.ts";
import { incomingRequest } from "../fakes/incoming-request.ts";

const PROXY = "10.0.0.1";
const STRANGER = "203.0.113.9";
const settings = (change: Partial<ExternalUrlSettings> = {}): ExternalUrlSettings => ({
  host: undefined,
  relativeUrls: false,
  arePeersLocal: true,
  trustedProxies: new AddressList(["10.0.0.0/8"]),
  addressProxies: new AddressList(["127.0.0.0/8"]),
  ...change,
});
const HOST = ["Host", "registry.test:5000"] as const;

function originFor(
  headers: readonly (readonly [string, string])[],
  from: string | undefined = PROXY,
): string {
  const incoming = incomingRequest({ headers: [HOST, ...headers], address: from });
  return externalOrigin(incoming, settings());
}

describe("externalOrigin()", () => {
  it("is what the request went to, without a proxy", () => {
    expect(originFor([])).toBe("http://registry.test:5000");
  });

  it("has https on a TLS connection", () => {
    const incoming = incomingRequest({ headers: [HOST], isTls: true });
    expect(externalOrigin(incoming, settings())).toBe("https://registry.test:5000");
  });

  it.each([
    [[["X-Forwarded-Proto", "https"]], "https://registry.test:5000"],
    [[["X-Forwarded-Host", "a.example"]], "http://a.example"],
    [
      [
        ["X-Forwarded-Proto", "https, http"],
        ["X-Forwarded-Host", "a.example:444, inner"],
      ],
      "https://a.example:444",
    ],
    [[["X-Forwarded-Proto", "HTTPS"]], "https://registry.test:5000"],
    [[["X-Forwarded-Proto", "gopher"]], "http://registry.test:5000"],
    [[["X-Forwarded-Host", "[2001:db8::1]:5000"]], "http://[2001:db8::1]:5000"],
    [[["Forwarded", 'for=x;proto=https;host="a.example:8443"']], "https://a.example:8443"],
    [[["Forwarded", "Proto=https ; Host=a.example, host=b.example"]], "https://a.example"],
    [
      [
        ["Forwarded", "host=standard.example"],
        ["X-Forwarded-Host", "older.example"],
        ["X-Forwarded-Proto", "https"],
      ],
      "http://standard.example",
    ],
  ] as const)("takes %j from a trusted proxy", (headers, origin) => {
    expect(originFor(headers)).toBe(origin);
  });

  it.each(["Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"])(
    "takes no %s from anyone else",
    (name) => {
      const value = name === "Forwarded" ? "proto=https;host=evil.example" : "https";
      expect(originFor([[name, value]], STRANGER)).toBe("http://registry.test:5000");
    },
  );

  it("trusts whoever comes over a unix socket", () => {
    const headers = [HOST, ["X-Forwarded-Proto", "https"]] as const;
    const incoming = incomingRequest({ headers, address: undefined });
    expect(externalOrigin(incoming, settings())).toBe("https://registry.test:5000");
  });

  it.each([
    "evil.example/x",
    "a b",
    "user@evil.example",
    "a.example\r\nX: y",
    "a:b:c",
    "",
    "[",
    "a:99999",
  ])("is relative rather than hold the host %j", (host) => {
    const headers = [["Host", host]] as const;
    expect(externalOrigin(incomingRequest({ headers }), settings())).toBe("");
  });

  it("is http.host, whatever the request says", () => {
    const headers = [HOST, ["X-Forwarded-Host", "other.example"]] as const;
    const incoming = incomingRequest({ headers, address: PROXY });
    const origin = (host: string, relativeUrls = false): string =>
      externalOrigin(incoming, settings({ host: new URL(host), relativeUrls }));
    expect(origin("https://hub.example")).toBe("https://hub.example");
    expect(origin("https://hub.example:444/below/")).toBe("https://hub.example:444/below");
    expect(origin("https://hub.example", true)).toBe("https://hub.example");
  });

  it("is empty with relativeurls", () => {
    expect(
      externalOrigin(incomingRequest({ headers: [HOST] }), settings({ relativeUrls: true })),
    ).toBe("");
  });
});

describe("provenAddress()", () => {
  const provenFor = (from: string): string => {
    const headers = [["X-Forwarded-For", "198.51.100.7:80"]] as const;
    return provenAddress(incomingRequest({ headers, address: from }), settings());
  };

  it("is what a proxy tells that is believed in this, and no other's word", () => {
    expect(provenFor("127.0.0.1")).toBe("198.51.100.7");
    expect(provenFor(PROXY)).toBe(PROXY);
    expect(provenFor(STRANGER)).toBe(STRANGER);
  });
});

describe("clientAddress()", () => {
  const addressFor = (
    from: string | undefined,
    headers: readonly (readonly [string, string])[] = [],
  ): string => clientAddress(incomingRequest({ headers, address: from }), settings());

  it("is the peer's address and port", () => {
    expect(addressFor(STRANGER)).toBe(`${STRANGER}:40000`);
    expect(addressFor("2001:db8::1")).toBe("[2001:db8::1]:40000");
    expect(addressFor(undefined)).toBe("");
  });

  it("is what a trusted proxy tells", () => {
    expect(addressFor(PROXY, [["X-Forwarded-For", "198.51.100.7, 10.0.0.9"]])).toBe("198.51.100.7");
    expect(addressFor(PROXY, [["X-Real-IP", "2001:db8::7"]])).toBe("2001:db8::7");
    expect(addressFor(PROXY, [["X-Forwarded-For", "10.0.0.7, 10.0.0.9:80"]])).toBe("10.0.0.7");
  });

  it("is not what somebody says whose own address is not known any more", () => {
    const headers = [["X-Forwarded-For", "198.51.100.7"]] as const;
    const gone = incomingRequest({ headers, address: undefined });
    expect(clientAddress(gone, settings({ arePeersLocal: false }))).toBe("");
    expect(clientAddress(gone, settings({ arePeersLocal: true }))).toBe("198.51.100.7");
  });

  it("is not what a client put there before a proxy added the truth", () => {
    const madeUp = "192.0.2.1, 10.0.0.1, 198.51.100.7, 10.0.0.9:4711";
    expect(addressFor(PROXY, [["X-Forwarded-For", madeUp]])).toBe("198.51.100.7");
    expect(addressFor(PROXY, [["X-Forwarded-For", "192.0.2.1, 2001:db8::5"]])).toBe("2001:db8::5");
    expect(addressFor(PROXY, [["X-Forwarded-For", "192.0.2.1, <script>"]])).toBe("10.0.0.1:40000");
  });

  it("is the peer's when a stranger tells another, or a proxy tells nonsense", () => {
    expect(addressFor(STRANGER, [["X-Forwarded-For", "198.51.100.7"]])).toBe(`${STRANGER}:40000`);
    expect(addressFor(PROXY, [["X-Forwarded-For", "a\u001b[31m b"]])).toBe(`${PROXY}:40000`);
    expect(addressFor(PROXY, [["X-Forwarded-For", "x".repeat(65)]])).toBe(`${PROXY}:40000`);
  });
});

it.each(["a", "a.b-c_d", "A:1", "127.0.0.1:5000", "[::1]", "[::1]:5000", "a."])(
  "isHost(%j)",
  (text) => {
    expect(isHost(text)).toBe(true);
  },
);

it.each(["", ":5000", "a:", "[::1", "::1", "a/b", "a?b", "a@b", "ä", "999.1.1.1", "a\\b", "a%41"])(
  "not isHost(%j)",
  (text) => {
    expect(isHost(text)).toBe(false);
  },
);
