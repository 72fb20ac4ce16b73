import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { Interrupted, readHidden } from "../../src/cli/terminal.ts";

function typed(...keys: readonly string[]): Promise<string> {
  const stream = new PassThrough();
  const reading = readHidden(stream);
  for (const key of keys) stream.write(key);
  return reading;
}

it.each([
  [["secret\r"], "secret"],
  [["sec", "ret", "\n"], "secret"],
  [["secx\u007fret\r"], "secret"],
  [["wrong\u0015secret\r"], "secret"],
  [["pä🔑x\u007f\r"], "pä🔑"],
  [["secret\u0004"], "secret"],
  [["\r"], ""],
  [["first\rsecond\r"], "first"],
])("readHidden() of the keys %j is %j", async (keys, text) => {
  expect(await typed(...keys)).toBe(text);
});

it.each([["sec\u0003"], ["\u0004"]])("readHidden() of the keys %j is interrupted", async (keys) => {
  await expect(typed(keys)).rejects.toThrow(Interrupted);
});

it("readHidden() goes on with an input that another question has paused", async () => {
  const stream = new PassThrough();
  stream.on("data", () => undefined).pause();
  const reading = readHidden(stream);
  stream.write("secret\r");
  expect(await reading).toBe("secret");
});

it("readHidden() of an input that ends is interrupted", async () => {
  const stream = new PassThrough();
  const reading = readHidden(stream);
  stream.end();
  await expect(reading).rejects.toThrow(Interrupted);
});
