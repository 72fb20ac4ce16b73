import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { runProgram } from "../fixtures/program.ts";
import { documentOf, inspectWith, LAYER, layerFolder, layoutOf, pipeOf } from "./layer-files.ts";

const LAUNCHER = fileURLToPath(new URL("../../deploy/barge", import.meta.url));

describe("barge layer inspect -", () => {
  it("reads a layer from a pipe", async () => {
    const said = await inspectWith({ files: ["-"], format: "json" }, { stdin: pipeOf(LAYER) });
    expect(documentOf(said)).toMatchObject([{ file: "-", digest: digestOf(LAYER) }]);
  });

  it("reads an archive of images from a pipe, and other files beside it", async () => {
    await using folder = await layerFolder();
    const { path, digests } = await layoutOf(folder, [LAYER]);
    const archive = join(folder.path, "image.tar");
    await runProgram({ command: ["tar", "-C", path, "-cf", archive, "."] });
    const stdin = pipeOf(await readFile(archive));
    const said = await inspectWith({ files: [path, "-"], format: "json" }, { stdin });
    expect(documentOf(said).map(({ file, digest }) => [file, digest])).toEqual([
      [path, digests[0]],
      ["-", digests[0]],
    ]);
  });

  it.each([
    ["nothing", new Uint8Array(0), "-: it is empty"],
    ["an archive that ends early", LAYER.subarray(0, 100_000), "-: the archive ends early"],
  ])("refuses %s, as a program that failed leaves it", async (_, bytes, text) => {
    const said = await inspectWith({ files: ["-"] }, { stdin: pipeOf(bytes) });
    expect(said).toMatchObject({ code: 1, stdout: "" });
    expect(said.stderr).toContain(`barge: ${text}`);
  });

  it("refuses a terminal, where somebody would have to type", async () => {
    const stdin = Object.assign(pipeOf(LAYER), { isTTY: true });
    const { kind } = await failureOf(inspectWith({ files: ["-"] }, { stdin }));
    expect(kind).toBe("UsageError");
  });

  it("is interrupted while it waits for the pipe, and leaves nothing behind", async () => {
    await using folder = await layerFolder();
    const command = [LAUNCHER, "layer", "inspect", "-"] as const;
    const child = spawn(command[0], command.slice(1), {
      env: { ...env, TMPDIR: folder.path, BARGE_NODE: execPath },
      stdio: ["pipe", "ignore", "ignore"],
    });
    // More than a pipe takes: once it has gone, the program has begun to keep it.
    child.stdin.write(new Uint8Array(1_000_000));
    await once(child.stdin, "drain");
    expect(await readdir(folder.path)).toHaveLength(1);
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe("runInspect()", () => {
  it.each([
    [true, /^(?:\r\p{Cc}\[K\d+ % of 409\.6 kB read)+\r\p{Cc}\[K$/u],
    [false, /^$/],
  ])("shows progress where a terminal is (%s), and takes it away", async (isTerminal, shown) => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", LAYER);
    let nowMs = 0;
    const clock: Clock = { ...systemClock, monotonicMs: () => (nowMs += 1000) };
    const said = await inspectWith({ files: [file] }, { isTerminal, clock });
    expect(said.stderr).toMatch(shown);
    expect(said.stdout).not.toContain("\u001b");
  });

  it("says whose fault it is when something fails as nobody expected", async () => {
    const onInterrupt = (): Disposable => {
      throw new TypeError("a bug");
    };
    const { kind, message } = await failureOf(inspectWith({ files: ["-"] }, { onInterrupt }));
    expect(kind).toBe("Fault");
    expect(message).toMatch(/^barge layer inspect: this is a fault of barge: TypeError: a bug at /);
  });

  it("is interrupted while layers are read", async () => {
    await using folder = await layerFolder();
    const file = await folder.put("layer", LAYER);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const onInterrupt = (interrupt: () => void): Disposable => {
      interrupt();
      return { [Symbol.dispose]: () => resolve(undefined) };
    };
    const { kind } = await failureOf(inspectWith({ files: [file] }, { onInterrupt }));
    expect(kind).toBe("Interrupted");
    expect(await promise).toBeUndefined();
  });
});

async function failureOf(run: Promise<unknown>): Promise<Error & { readonly kind?: unknown }> {
  const outcome = await run.catch((error: unknown) => error);
  if (outcome instanceof Error) return outcome;
  throw new Error("it did not fail");
}
