import { expect, it } from "vitest";
import { errorText } from "../../src/lib/error-text.ts";

it.each([
  [new Error("broken"), "broken"],
  [Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
  [new TypeError(""), "TypeError"],
  ["text", "text"],
])("errorText() of %s is %s", (error, text) => {
  expect(errorText(error)).toBe(text);
});
