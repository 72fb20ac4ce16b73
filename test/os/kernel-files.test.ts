import { once } from "node:events";
import { mkdtempDisposable, open, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type KernelFiles, LOOK_BYTES, loadKernelFiles } from "../../src/os/kernel-files.ts";

const KIB = 1024;
const isKnown = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);

it("is there exactly where the kernel is known", async () => {
  expect((await loadKernelFiles()) !== undefined).toBe(isKnown);
});

describe.runIf(isKnown)("on this kernel", () => {
  it("bytes that were written are resident, in a quiet file and in any other", async () => {
    await using file = await openFile(randomBytes(300 * KIB));
    for (const isQuiet of [true, false]) {
      expect(file.resident({ startBytes: 0, lengthBytes: 300 * KIB, isQuiet })).toBe(300 * KIB);
      expect(file.resident({ startBytes: 5_001, lengthBytes: 70_003, isQuiet })).toBe(70_003);
      expect(file.resident({ startBytes: 300 * KIB - 1, lengthBytes: 1, isQuiet })).toBe(1);
    }
  });

  it("bytes that nobody has touched are not, and those before them are counted", async () => {
    await using file = await openFile(randomBytes(64 * KIB));
    await file.handle.truncate(1024 * KIB);
    for (const isQuiet of [true, false]) {
      const whole = { startBytes: 0, lengthBytes: 1024 * KIB, isQuiet };
      expect(file.resident(whole)).toBe(64 * KIB);
      expect(file.resident({ ...whole, startBytes: 1_000 })).toBe(64 * KIB - 1_000);
      const hole = { startBytes: 100 * KIB + 7, lengthBytes: 500 * KIB, isQuiet };
      expect(file.resident(hole)).toBe(0);
    }
  });

  it("looks no further than it says", async () => {
    await using file = await openFile(Buffer.alloc(LOOK_BYTES + 64 * KIB, 1));
    for (const isQuiet of [true, false]) {
      const whole = { startBytes: 100, lengthBytes: LOOK_BYTES + 32 * KIB, isQuiet };
      expect(file.resident(whole)).toBe(LOOK_BYTES);
    }
  });

  it("cannot tell of what is no file, and says that nothing is there", async () => {
    const kernel = await load();
    for (const isQuiet of [true, false]) {
      expect(kernel.residentBytes(-1, { startBytes: 0, lengthBytes: 10, isQuiet })).toBe(0);
    }
  });

  it("is told the truth about files of its own user, and root about all", async () => {
    const kernel = await load();
    const user = process.geteuid?.() ?? -1;
    expect(kernel.canTell(user)).toBe(true);
    expect(kernel.canTell(user + 1)).toBe(user === 0);
  });

  it("sends a part of a file as far as the socket takes it, and the rest later", async () => {
    const bytes = randomBytes(16 * 1024 * KIB);
    await using file = await openFile(bytes);
    await using pair = await openPair();
    const startBytes = 12_345;
    const expected = bytes.subarray(startBytes);
    const received: Buffer[] = [];
    pair.client.on("data", (chunk: Buffer) => received.push(chunk));
    let sent = 0;
    let refusals = 0;
    while (sent < expected.length) {
      const rest = { startBytes: startBytes + sent, lengthBytes: expected.length - sent };
      const taken = file.kernel.send(pair.fd, file.handle.fd, rest);
      if (taken === 0) refusals += 1;
      sent += taken;
      await new Promise((resolve) => setImmediate(resolve));
    }
    pair.server.end();
    await once(pair.client, "end");
    expect(Buffer.concat(received).equals(expected)).toBe(true);
    expect(refusals).toBeGreaterThan(0);
  });

  it("takes nothing at the end of a file, and for a socket that is none", async () => {
    await using file = await openFile(Buffer.from("short"));
    await using pair = await openPair();
    const behind = { startBytes: 5, lengthBytes: 10 };
    expect(file.kernel.send(pair.fd, file.handle.fd, behind)).toBe(0);
    expect(file.kernel.send(-1, file.handle.fd, { startBytes: 0, lengthBytes: 5 })).toBe(0);
  });
});

async function load(): Promise<KernelFiles> {
  const kernel = await loadKernelFiles();
  if (kernel === undefined) throw new Error("not on this machine");
  return kernel;
}

type Asked = Parameters<KernelFiles["residentBytes"]>[1];

async function openFile(bytes: Uint8Array) {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-kernel-")));
  const path = join(folder.path, "file");
  await writeFile(path, bytes);
  const handle = resources.use(await open(path, "r+"));
  const kernel = await load();
  const owned = resources.move();
  return {
    handle,
    kernel,
    resident: (asked: Asked) => kernel.residentBytes(handle.fd, asked),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openPair() {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const client = connect((listening.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listening, "connection")) as [Socket];
  const { fd } = Reflect.get(server, "_handle") as { readonly fd: number };
  return {
    server,
    client,
    fd,
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.destroy();
      await listening[Symbol.asyncDispose]();
    },
  };
}
