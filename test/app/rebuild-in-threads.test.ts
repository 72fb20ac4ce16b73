import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rebuildInThreads, type ThreadedRebuild } from "../../src/app/rebuild-in-threads.ts";
import { RecipeError } from "../../src/recompress/recipe-error.ts";
import { encodeRecipe } from "../../src/recompress/recipe.ts";
import { planRebuild } from "../../src/recompress/rebuild-plan.ts";
import { gzipStream, type RecipedStream, zstdStream } from "../recompress/rebuild-plan/streams.ts";

const GZIP = gzipStream();
const ZSTD = zstdStream();
/** Makes many pieces of the samples. */
const LEAST_PIECE_BYTES = 100_000;

describe("rebuildInThreads()", () => {
  it.each([
    ["gzip", GZIP, 1],
    ["gzip", GZIP, 2],
    ["gzip", GZIP, 3],
    ["gzip", GZIP, 4],
    ["zstd", ZSTD, 1],
    ["zstd", ZSTD, 2],
    ["zstd", ZSTD, 4],
  ])("makes the bytes of a %s stream by %2$d threads", async (_, sample, threads) => {
    await using file = await plainFile(sample);
    let progressBytes = 0;
    const onProgress = (bytes: number): void => void (progressBytes += bytes);
    const rebuilt = await taken(rebuildInThreads(taskFor(sample, file, { threads, onProgress })));
    expect(rebuilt.equals(sample.stream)).toBe(true);
    expect(progressBytes).toBe(sample.plain.length);
  });

  it("takes the plain bytes from within a file, and a stream that is one piece", async () => {
    const before = 777;
    await using file = await plainFile(GZIP, before);
    const task = taskFor(GZIP, file, { leastPieceBytes: undefined });
    const plain = { ...task.plain, offset: before };
    expect((await taken(rebuildInThreads({ ...task, plain }))).equals(GZIP.stream)).toBe(true);
  });

  it("is not further ahead of its reader than one piece more than it has threads", async () => {
    await using file = await plainFile(GZIP);
    await using other = await plainFile(ZSTD);
    const pieces = planRebuild(GZIP.recipe, LEAST_PIECE_BYTES);
    const mostBytes = pieces[2]?.plainEnd ?? 0;
    expect(pieces.length).toBeGreaterThan(5);
    const isThere = Promise.withResolvers<undefined>();
    let progressBytes = 0;
    const onProgress = (bytes: number): void => {
      progressBytes += bytes;
      if (progressBytes >= mostBytes) isThere.resolve(undefined);
    };
    const rebuilding = rebuildInThreads(taskFor(GZIP, file, { threads: 2, onProgress }));
    const first = await rebuilding.next();
    await isThere.promise;
    // Time enough to go on, were it not for its reader.
    await taken(rebuildInThreads(taskFor(ZSTD, other)));
    expect(progressBytes).toBe(mostBytes);
    const rest = await taken(rebuilding);
    expect(Buffer.concat([first.value ?? new Uint8Array(0), rest]).equals(GZIP.stream)).toBe(true);
  });

  it("ends with the signal's reason, before it begins and in the middle", async () => {
    await using file = await plainFile(ZSTD);
    const stop = new AbortController();
    const rebuilding = rebuildInThreads(taskFor(ZSTD, file, { signal: stop.signal }));
    expect((await rebuilding.next()).done).toBe(false);
    const reason = new Error("enough");
    stop.abort(reason);
    await expect(taken(rebuilding)).rejects.toBe(reason);
    const another = rebuildInThreads(taskFor(ZSTD, file, { signal: stop.signal }));
    await expect(another.next()).rejects.toBe(reason);
  });

  it("ends its threads when its reader wants no more", async () => {
    await using file = await plainFile(ZSTD);
    const rebuilding = rebuildInThreads(taskFor(ZSTD, file));
    await rebuilding.next();
    expect(await rebuilding.return()).toEqual({ done: true, value: undefined });
    expect(await rebuilding.next()).toEqual({ done: true, value: undefined });
  });

  it("fails as a thread does that cannot read", async () => {
    await using file = await plainFile(ZSTD);
    const task = taskFor(ZSTD, file);
    const plain = { ...task.plain, path: `${file.path}-gone` };
    await expect(taken(rebuildInThreads({ ...task, plain }))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });

  it("refuses plain bytes of another size, and a file that is shorter", async () => {
    await using file = await plainFile(ZSTD);
    const task = taskFor(ZSTD, file);
    const { plain } = task;
    const larger = { ...plain, sizeBytes: plain.sizeBytes + 1 };
    await expect(taken(rebuildInThreads({ ...task, plain: larger }))).rejects.toThrow(RecipeError);
    const shifted = { ...plain, offset: plain.offset + 1 };
    await expect(taken(rebuildInThreads({ ...task, plain: shifted }))).rejects.toThrow(RecipeError);
  });

  it("refuses a damaged recipe, also where a later piece needs what is damaged", async () => {
    await using file = await plainFile(GZIP);
    const task = taskFor(GZIP, file);
    const noise = Uint8Array.of(1, 2, 3);
    await expect(taken(rebuildInThreads({ ...task, recipe: noise }))).rejects.toThrow(RecipeError);
    const { columns } = GZIP.recipe;
    const cut = columns.map((one) => (one.length > 500 ? one.subarray(0, one.length >> 1) : one));
    const recipe = encodeRecipe({ ...GZIP.recipe, columns: cut });
    await expect(taken(rebuildInThreads({ ...task, recipe }))).rejects.toThrow(RecipeError);
  });
});

function taskFor(
  sample: RecipedStream,
  { path }: { readonly path: string },
  some: Partial<ThreadedRebuild> = {},
): ThreadedRebuild {
  return {
    recipe: encodeRecipe(sample.recipe),
    plain: { path, offset: 0, sizeBytes: sample.plain.length },
    threads: 2,
    signal: new AbortController().signal,
    leastPieceBytes: LEAST_PIECE_BYTES,
    ...some,
  };
}

async function plainFile(
  { plain }: RecipedStream,
  beforeBytes = 0,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtempDisposable(join(tmpdir(), "barge-rebuild-"));
  const path = join(folder.path, "plain");
  await writeFile(path, Buffer.concat([Buffer.alloc(beforeBytes, "x"), plain]));
  return { path, [Symbol.asyncDispose]: async () => await folder.remove() };
}

async function taken(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes));
}
