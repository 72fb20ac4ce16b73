/** `barge layer inspect` on what real tools write. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runBarge } from "../fixtures/barge.ts";
import { writeOciLayout } from "../fixtures/oci-layout.ts";
import { plainLayer } from "../fixtures/plain-layer.ts";
import { runProgram } from "../fixtures/program.ts";
import { encodeFile, toolOf } from "../recompress/encoders/encode-file.ts";
import { type Encoder, encoderNamed } from "../recompress/encoders/encoder-table.ts";
import { sha256Of } from "./registry-answers.ts";
import { describeWithTools, itWithTools, requireTool } from "./tools.ts";

interface Inspected {
  readonly file: string;
  readonly digest: string;
  readonly encoder?: string;
  readonly exact: boolean;
  readonly verified?: boolean;
  readonly corrections?: number;
  readonly reasonKind?: string;
}

describeWithTools(["skopeo", "tar"], "barge layer inspect after skopeo copy", () => {
  it("finds the same layers wherever an image was copied to", async () => {
    await using place = await imageFolder();
    for (const to of ["oci:layout:1", "oci-archive:image.tar:1", "dir:flat"]) {
      await place.copy("dir:plain", to, "--dest-compress");
    }
    const found = await inspect(place.path, "layout", "image.tar", "flat");
    const byFile = Object.groupBy(found, ({ file }) => file);
    const digests = Object.values(byFile).map((layers = []) => layers.map(({ digest }) => digest));
    expect(digests).toHaveLength(3);
    expect(new Set(digests.map((list) => list.join())).size).toBe(1);
    for (const layer of found) {
      expect(layer).toMatchObject({ exact: true, verified: true, corrections: 0 });
    }
  });

  it("finds plain tars in a docker archive", async () => {
    await using place = await imageFolder();
    await place.copy("dir:plain", "docker-archive:image.tar:team/app:1");
    const found = await inspect(place.path, "image.tar");
    expect(found).toMatchObject([
      { reasonKind: "not-compressed" },
      { reasonKind: "not-compressed" },
    ]);
    expect(found.map(({ digest }) => digest)).toEqual(place.diffIds);
  });

  it("knows the zstd that skopeo writes", async () => {
    await using place = await imageFolder();
    const zstd = ["--dest-compress", "--dest-compress-format=zstd", "--format=oci"];
    await place.copy("dir:plain", "oci:layout:1", ...zstd);
    for (const layer of await inspect(place.path, "layout")) {
      expect(layer).toMatchObject({
        encoder: expect.stringContaining("klauspost") as string,
        exact: true,
      });
    }
  });
});

/** One of each kind that layers come from. */
const NAMES = ["gnu-6", "pigz-6", "go-1.26-6", "go-1.27-6", "pgzip-default", "zstd-1.20.3-default"];

for (const encoder of NAMES.map((name) => encoderNamed(name))) {
  const tool = toolOf(encoder.program) ?? "go";
  itWithTools([tool], `barge layer inspect knows ${encoder.name}`, async () => {
    await expectKnown(encoder);
  });
}

async function expectKnown(encoder: Encoder): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "barge-inspect-"));
  const plainFile = join(folder.path, "layer.tar");
  const streamFile = join(folder.path, "stream");
  await writeFile(plainFile, plainLayer({ seed: 17, sizeBytes: 600_000 }));
  await encodeFile({ encoder, plainFile, streamFile });
  const digest = sha256Of(await readFile(streamFile));
  const known = { digest, exact: true, verified: true, corrections: 0 };
  expect(await inspect(folder.path, "stream")).toMatchObject([known]);
}

interface ImageFolder extends AsyncDisposable {
  readonly path: string;
  readonly diffIds: readonly string[];
  /** Names of files are below the folder. */
  readonly copy: (from: string, to: string, ...flags: readonly string[]) => Promise<void>;
}

/** A folder with an image in `dir:plain`, whose layers are plain tars. */
async function imageFolder(): Promise<ImageFolder> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-inspect-"));
  const home = join(folder.path, "home");
  await mkdir(home);
  const policy = join(home, "policy.json");
  await writeFile(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
  const copy = async (from: string, to: string, ...flags: readonly string[]): Promise<void> => {
    const skopeo = requireTool("skopeo");
    await runProgram({
      command: [skopeo, "--policy", policy, "copy", "--quiet", ...flags, from, to],
      env: { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: folder.path },
      workingDirectory: folder.path,
    });
  };
  const { images } = await writeOciLayout(join(folder.path, "made"), { tag: "1" });
  await copy("oci:made:1", "dir:plain", "--dest-decompress");
  return {
    path: folder.path,
    diffIds: images.flatMap(({ diffIds }) => diffIds),
    copy,
    [Symbol.asyncDispose]: async () => await folder.remove(),
  };
}

/** @returns what it says of files below a folder, which it names as told here. */
async function inspect(folder: string, ...names: readonly string[]): Promise<readonly Inspected[]> {
  const files = names.map((name) => join(folder, name));
  const text = await runBarge("layer", "inspect", "--format", "json", ...files);
  return JSON.parse(text) as readonly Inspected[];
}
