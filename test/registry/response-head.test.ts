import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/registry/answer.ts";
import { ResponseHeads } from "../../src/registry/response-head.ts";

const ALWAYS = [
  "Docker-Distribution-Api-Version",
  "registry/2.0",
  "X-Content-Type-Options",
  "nosniff",
];
const TEXT = { contentType: "text/plain", bytes: Buffer.from("four") };

function linesOf(
  answer: Partial<Answer>,
  configured: Readonly<Record<string, readonly string[]>> = {},
): readonly string[] {
  return new ResponseHeads(configured).linesOf({ status: 200, headers: {}, ...answer });
}

describe("the head of an answer", () => {
  it("announces type and length of its body", () => {
    const body = ["Content-Type", "text/plain", "Content-Length", "4"];
    expect(linesOf({ body: TEXT })).toEqual([...ALWAYS, ...body]);
  });

  it("announces that there is no body, except where the status says so", () => {
    expect(linesOf({})).toEqual([...ALWAYS, "Content-Length", "0"]);
    expect(linesOf({ status: 204 })).toEqual(ALWAYS);
    expect(linesOf({ status: 304 })).toEqual(ALWAYS);
  });

  it("has a line for each value of a list", () => {
    const lines = linesOf({ status: 204, headers: { "X-A": ["1", "2"] } }, { "X-B": ["3", "4"] });
    expect(lines).toEqual([...ALWAYS, "X-B", "3", "X-B", "4", "X-A", "1", "X-A", "2"]);
  });

  it("has what is configured in place of what is always there, in whatever letters", () => {
    const lines = linesOf({ status: 204 }, { "x-content-type-OPTIONS": ["other"] });
    expect(lines).toEqual([...ALWAYS.slice(0, 2), "x-content-type-OPTIONS", "other"]);
  });

  it("has the answer's own lines in place of those that are configured", () => {
    const lines = linesOf(
      { status: 204, headers: { "Cache-Control": "no-store" } },
      { "cache-control": ["max-age=1"], "X-B": ["1"] },
    );
    expect(lines).toEqual([...ALWAYS, "X-B", "1", "Cache-Control", "no-store"]);
  });

  it("is made once for an answer that lasts", () => {
    const heads = new ResponseHeads({});
    const lasting: Answer = { status: 200, headers: {}, body: TEXT, isLasting: true };
    expect(heads.linesOf(lasting)).toBe(heads.linesOf(lasting));
    expect(heads.linesOf({ ...lasting, status: 204, body: undefined })).toEqual(ALWAYS);
  });
});
