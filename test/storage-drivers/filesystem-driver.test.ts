import { mkdtempDisposable, readdir, readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemDriver } from "../../storage-drivers/filesystem/filesystem-driver.ts";
import { describeStorageDriver } from "../contracts/storage-driver.ts";

const OPEN_FILES = "/proc/self/fd";

describeStorageDriver({
  name: "filesystem",
  async open(resources) {
    const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-")));
    const settings = { rootDirectory: path, maxThreads: 25 };
    const reopen = async (): Promise<FilesystemDriver> =>
      resources.use(await FilesystemDriver.open(settings));
    return { driver: await reopen(), reopen, countHandles: () => countOpenFiles(path) };
  },
});

async function countOpenFiles(root: string): Promise<number> {
  const found = await readdir(OPEN_FILES);
  const paths = await Promise.all(
    found.map((number) => readlink(join(OPEN_FILES, number)).catch(() => "")),
  );
  return paths.filter((path) => path.startsWith(root)).length;
}
