/** Files that are sent from the disk, round the page cache. */
import { constants } from "node:fs";
import { mkdtempDisposable, open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SentFile } from "../../src/registry/send-file.ts";
import { WatchedKernel } from "../fakes/watched-kernel.ts";
import { SERVED_BYTES, type Served, serveFile } from "../fixtures/file-server.ts";
import { plainRequest, RawConnection } from "../fixtures/raw-http.ts";

const MIB = 2 ** 20;

/** Counts what is read by the handle that everybody uses, through the page cache. */
function countReads(reads: { count: number }): (file: SentFile) => SentFile {
  return (file) => {
    const handle = new Proxy(file.handle, {
      get(target, name) {
        if (name === "read") reads.count += 1;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return { ...file, handle };
  };
}

/** Whether files can be read round the page cache where tests keep theirs. */
async function canReadDirectly(): Promise<boolean> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "barge-direct-"));
  const path = join(folder.path, "file");
  await writeFile(path, "");
  const flags = constants.O_RDONLY | constants.O_DIRECT;
  const handle = await open(path, flags).catch(() => undefined);
  await handle?.close();
  return handle !== undefined && process.platform === "linux";
}

describe.runIf(await canReadDirectly())("a file that nobody has asked for lately", () => {
  const whole = async ({ origin, bytes }: Served): Promise<boolean> => {
    using connection = await RawConnection.open(origin);
    connection.send(plainRequest("GET", `/0-${SERVED_BYTES}`));
    return (await connection.answer()).body.equals(bytes);
  };

  it.each([
    ["in plain", false],
    ["over TLS", true],
  ])(
    "is read round the page cache once, and left to it the next time, %s",
    async (_title, isEncrypted) => {
      const kernel = await WatchedKernel.load();
      kernel.limitResident = () => 0;
      const reads = { count: 0 };
      await using served = await serveFile({ kernel, isEncrypted, wrap: countReads(reads) });
      expect(await whole(served)).toBe(true);
      expect(reads.count).toBe(0);
      expect(await whole(served)).toBe(true);
      expect(reads.count).toBeGreaterThan(0);
      const before = reads.count;
      expect(await whole(served)).toBe(true);
      expect(reads.count).toBe(before);
      expect(served.failures).toEqual([]);
    },
  );

  it("is read so from any byte to any other", async () => {
    const kernel = await WatchedKernel.load();
    kernel.limitResident = () => 0;
    const reads = { count: 0 };
    await using served = await serveFile({ kernel, wrap: countReads(reads) });
    const parts = [
      [0, MIB],
      [1, MIB],
      [4_095, MIB + 2],
      [4_097, 3 * MIB],
      [SERVED_BYTES - MIB - 1, MIB + 1],
      [7 * MIB + 100, 2 * MIB + 7_000],
    ] as const;
    using connection = await RawConnection.open(served.origin);
    for (const [startBytes, lengthBytes] of parts) {
      connection.send(plainRequest("GET", `/${startBytes}-${lengthBytes}`));
      const { body } = await connection.answer();
      expect(body.equals(served.bytes.subarray(startBytes, startBytes + lengthBytes))).toBe(true);
    }
    expect(reads.count).toBe(0);
    expect(served.failures).toEqual([]);
  });

  it("is read the ordinary way for good when the kernel refuses the memory", async () => {
    const kernel = await WatchedKernel.load();
    kernel.limitResident = () => 0;
    const allocate = kernel.allocate;
    let allocations = 0;
    kernel.allocate = (sizeBytes) => {
      allocations += 1;
      return allocate(sizeBytes + 1).subarray(1);
    };
    await using served = await serveFile({ kernel });
    for (let count = 0; count < 3; count += 1) expect(await whole(served)).toBe(true);
    expect(served.failures).toEqual([]);
    expect(allocations).toBeLessThanOrEqual(4);
  });

  it("is the one that was opened, whatever its path leads to by then", async () => {
    const kernel = await WatchedKernel.load();
    kernel.limitResident = () => 0;
    await using folder = await mkdtempDisposable(join(tmpdir(), "barge-other-"));
    const path = join(folder.path, "other");
    await writeFile(path, Buffer.alloc(SERVED_BYTES));
    await using served = await serveFile({ kernel, wrap: (file) => ({ ...file, path }) });
    expect(await whole(served)).toBe(true);
  });

  it("gives way to the kernel as soon as it is in memory", async () => {
    const kernel = await WatchedKernel.load();
    let looks = 0;
    kernel.limitResident = (lengthBytes) => ((looks += 1) < 8 ? 0 : lengthBytes);
    await using served = await serveFile({ kernel });
    expect(await whole(served)).toBe(true);
    expect(kernel.sentBytes).toBeGreaterThan(0);
    expect(kernel.stalls).toEqual([]);
  });
});
