import { describe, expect, it } from "vitest";
import { refuseAmbiguous } from "../../src/registry/raw-request.ts";
import { incomingRequest, type IncomingRequestOptions } from "../fakes/incoming-request.ts";

const HOST = ["Host", "registry.test"] as const;
const refusal = (options: IncomingRequestOptions): string => {
  try {
    refuseAmbiguous(incomingRequest(options));
    return "";
  } catch (error) {
    return error instanceof Error && "kind" in error ? String(error.kind) : String(error);
  }
};

describe("refuseAmbiguous()", () => {
  it.each<IncomingRequestOptions>([
    { headers: [HOST] },
    { headers: [HOST, ["Transfer-Encoding", "chunked"]] },
    { headers: [HOST, ["Transfer-Encoding", " Chunked "]] },
    { headers: [HOST, ["Content-Length", "9007199254740991"]] },
    { headers: [["Host", ""]] },
    { headers: [["host", "[::1]:5000"]] },
    { httpVersion: [1, 0] },
  ])("lets %j through", (options) => {
    expect(refusal(options)).toBe("");
  });

  it.each<IncomingRequestOptions>([
    { headers: [] },
    { headers: [HOST, HOST] },
    { headers: [HOST, ["hOST", "other.test"]] },
    { headers: [["Host", "good@evil"]] },
    { headers: [["Host", "a b/../c"]] },
    { headers: [HOST], httpVersion: [0, 9] },
    { headers: [HOST], httpVersion: [2, 0] },
    { headers: [HOST], target: "http://evil.test/v2/" },
    { headers: [HOST], target: "*" },
    { headers: [HOST], target: "/api/v1/repositories/a/../../robots" },
    { headers: [HOST], target: "/api/v1/./robots" },
    { headers: [HOST], target: "/api/v1/repositories/%2E%2e/robots" },
    { headers: [HOST], target: "/api/v1/a\\..\\robots" },
    { headers: [HOST], target: "/api/v1/a/..?b" },
    { headers: [HOST], target: "" },
    { headers: [HOST, ["Content-Length", "9223372036854775808"]] },
    { headers: [HOST, HOST], httpVersion: [1, 0] },
  ])("refuses %j", (options) => {
    expect(refusal(options)).toBe("AmbiguousRequest");
  });

  it.each([
    "gzip, chunked",
    "identity, chunked",
    "identity",
    "gzip",
    "chunked, chunked",
    "xchunked",
  ])("does not undo the transfer coding %s", (coding) => {
    expect(refusal({ headers: [HOST, ["Transfer-Encoding", coding]] })).toBe(
      "TransferCodingUnknown",
    );
  });
});
