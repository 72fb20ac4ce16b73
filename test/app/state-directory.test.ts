import { chmod, chown, mkdir, mkdtempDisposable, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeStateDirectory, StateDirectoryUnusable } from "../../src/app/state-directory.ts";

let resources: AsyncDisposableStack;
let folder: string;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-state-"))).path;
});
afterEach(() => resources.disposeAsync());

it("is made for its owner alone, and made so if it was not", async () => {
  const path = join(folder, "a", "state");
  await makeStateDirectory(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await chmod(path, 0o755);
  await makeStateDirectory(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

it("is not taken over by a link to somewhere else", async () => {
  const [real, path] = [join(folder, "real"), join(folder, "link")];
  await mkdir(real);
  await symlink(real, path);
  await expect(makeStateDirectory(path)).rejects.toThrow(StateDirectoryUnusable);
});

it.runIf(process.geteuid?.() === 0)("is not taken over when it is another user's", async () => {
  const path = join(folder, "foreign");
  await mkdir(path);
  await chown(path, 12_345, 12_345);
  await expect(makeStateDirectory(path)).rejects.toThrow("belongs to the user 12345");
  expect((await stat(path)).mode & 0o777).toBe(0o755);
});
