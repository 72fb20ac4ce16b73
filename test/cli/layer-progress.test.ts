import { expect, it } from "vitest";
import { FakeClock } from "../fakes/fake-clock.ts";
import { progressText, showProgress } from "../../src/cli/layer-progress.ts";

it.each([
  [0, 1_200_000_000, "0 % of 1.2 GB read"],
  [999, 1000, "99 % of 1.0 kB read"],
  [1000, 1000, "100 % of 1.0 kB read"],
  [2000, 1000, "100 % of 1.0 kB read"],
  [0, 0, "0 % of 0 B read"],
])("progressText() of %d of %d bytes is %s", (readBytes, totalBytes, text) => {
  expect(progressText(readBytes, totalBytes)).toBe(text);
});

it("showProgress() writes over its line now and then, and takes it away in the end", async () => {
  const written: string[] = [];
  const clock = new FakeClock();
  const progress = showProgress((text) => written.push(text), { totalBytes: 100, clock });
  progress.onProgress(10);
  expect(written).toEqual([]);
  await clock.advance(600);
  progress.onProgress(10);
  progress.onProgress(10);
  await clock.advance(600);
  progress.onProgress(10);
  progress[Symbol.dispose]();
  const clear = "\r\u001b[K";
  expect(written).toEqual([`${clear}20 % of 100 B read`, `${clear}40 % of 100 B read`, clear]);
});

it("showProgress() that has shown nothing has nothing to take away", () => {
  const written: string[] = [];
  showProgress((text) => written.push(text), { totalBytes: 100, clock: new FakeClock() })[
    Symbol.dispose
  ]();
  expect(written).toEqual([]);
});

it("showProgress() says what became of the bytes", async () => {
  const written: string[] = [];
  const clock = new FakeClock();
  const options = { totalBytes: 100, clock, done: "made and stored" };
  const progress = showProgress((text) => written.push(text), options);
  await clock.advance(600);
  progress.onProgress(10);
  expect(written).toEqual(["\r\u001b[K10 % of 100 B made and stored"]);
});
