import { expect, it } from "vitest";
import { bytesText } from "../../src/cli/bytes-text.ts";

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [43_949_999, "43.9 MB"],
  [999_949, "999.9 kB"],
  [999_950, "1.0 MB"],
  [1_250_000_000, "1.3 GB"],
  [2 ** 53, "9007.2 TB"],
])("bytesText() of %d is %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
