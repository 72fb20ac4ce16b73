import { randomBytes } from "node:crypto";
import { mkdtempDisposable, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadForgetPages } from "../../src/os/forget-pages.ts";
import { loadKernelFiles } from "../../src/os/kernel-files.ts";

const SIZE_BYTES = 300 * 1024;
const isKnown = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);

it.runIf(isKnown)("leaves nothing of a durable file in memory", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "barge-forget-"));
  const path = join(folder.path, "file");
  await using file = await open(path, "w+");
  await file.write(randomBytes(SIZE_BYTES));
  await file.sync();
  const kernel = await loadKernelFiles();
  const range = { startBytes: 0, lengthBytes: SIZE_BYTES, isQuiet: true };
  const before = kernel?.residentBytes(file.fd, range);
  await (
    await loadForgetPages()
  )(path);
  expect([before, kernel?.residentBytes(file.fd, range)]).toEqual([SIZE_BYTES, 0]);
});

it("does not mind a file that is gone", async () => {
  await expect((await loadForgetPages())("/nowhere/at/all")).resolves.toBeUndefined();
});
