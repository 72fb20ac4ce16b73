import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LineWriter } from "../../src/lib/line-writer.ts";

describe("LineWriter", () => {
  it("write() has put the whole line into a file when it returns", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "lines-"));
    const file = join(folder.path, "log");
    const fd = openSync(file, "a");
    using writer = LineWriter.open(fd);
    expect(writer.write("one\n")).toBe(true);
    expect(writer.write("zwei ü\n")).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("one\nzwei ü\n");
    closeSync(fd);
  });

  it("write() to a pipe that nobody reads gives lines up instead of waiting for ever", async () => {
    await using pipe = await openPipe();
    using writer = LineWriter.open(pipe.fd, { stallMs: 0 });
    const line = `${"x".repeat(999)}\n`;
    let written = 0;
    while (writer.write(line)) written += 1;
    expect(written).toBeGreaterThan(10);
    expect(writer.write(line)).toBe(false);
  });

  it("write() goes on with whole lines once the pipe is read again", async () => {
    await using pipe = await openPipe();
    using writer = LineWriter.open(pipe.fd, { stallMs: 0 });
    // Longer than what a pipe takes at once or not at all, so that one of them is cut in the middle.
    const line = `${"x".repeat(9_999)}\n`;
    let written = 0;
    while (writer.write(line)) written += 1;
    const first = pipe.read();
    expect(writer.write("back\n")).toBe(true);
    expect(first + pipe.read()).toBe(`${line.repeat(written)}back\n`);
  });

  it("write() to a closed descriptor says so and does not throw", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "lines-"));
    const fd = openSync(join(folder.path, "log"), "a");
    using writer = LineWriter.open(fd);
    closeSync(fd);
    expect(writer.write("one\n")).toBe(false);
  });
});

/** A pipe whose writing end blocks, as a process gets it from a service manager. */
async function openPipe(): Promise<{ fd: number; read(): string } & AsyncDisposable> {
  const folder = await mkdtempDisposable(join(tmpdir(), "pipe-"));
  const path = join(folder.path, "pipe");
  execFileSync("sh", ["-c", 'mkfifo "$0"', path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(path, constants.O_WRONLY);
  return {
    fd,
    read: () => readAvailable(reader),
    async [Symbol.asyncDispose]() {
      closeSync(fd);
      closeSync(reader);
      await folder.remove();
    },
  };
}

function readAvailable(fd: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = "";
  for (;;) {
    try {
      const length = readSync(fd, chunk);
      if (length === 0) return text;
      text += chunk.toString("utf8", 0, length);
    } catch {
      return text; // EAGAIN: nothing more for now
    }
  }
}
