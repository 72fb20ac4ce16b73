import { expect, it } from "vitest";
import { asFault } from "../../src/app/inspection-fault.ts";
import { LayoutError } from "../../src/layouts/stored-layer.ts";

it("asFault() makes of an error that nobody expected one line that says what to report", () => {
  const error = Object.assign(new TypeError("x is not a function"), {
    stack:
      "TypeError: x is not a function\n    at find (some/file.ts:3:5)\n    at more (file.ts:1:1)",
  });
  const fault = asFault(error, "app.tar.gz");
  expect(fault).toMatchObject({ kind: "Fault", cause: error });
  expect(String(fault)).toBe(
    "Error: app.tar.gz: this is a fault of barge: TypeError: x is not a function at find " +
      "(some/file.ts:3:5); please report it, with the layer, the flags and what `barge version` prints",
  );
  expect(asFault("text", "app.tar.gz")).toMatchObject({
    message: expect.stringContaining("fault of barge: text;") as string,
  });
});

it.each([
  new LayoutError("the file became shorter"),
  Object.assign(new Error("no such file"), { code: "ENOENT" }),
])("asFault() leaves errors alone that tell of themselves (%s)", (error) => {
  expect(asFault(error, "app.tar.gz")).toBe(error);
});
