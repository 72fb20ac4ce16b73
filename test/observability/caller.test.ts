import { describe, expect, it } from "vitest";
import { callerOf } from "../../src/observability/caller.ts";

const STACK = `Error
    at inner (file:///srv/barge/src/observability/logger.ts:5:1)
    at Webhook.send (file:///srv/barge/src/events/webhook.ts:120:7)
    at file:///srv/barge/src/app/serve.ts:12:3
    at async run (file:///srv/barge/src/main.ts:3:1)
    at <anonymous>`;

describe("callerOf()", () => {
  it.each([
    [1, { func: "Webhook.send", file: "events/webhook.ts:120" }],
    [2, { func: "", file: "app/serve.ts:12" }],
    [3, { func: "run", file: "src/main.ts:3" }],
    [4, undefined],
    [5, undefined],
  ])("finds the frame %d up", (depth, caller) => {
    expect(callerOf(STACK, depth)).toEqual(caller);
  });
});
