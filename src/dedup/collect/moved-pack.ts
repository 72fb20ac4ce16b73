import type { ChunkId } from "../../chunks/chunk-id.ts";
import type { FrameDelta } from "../../chunks/packs/frame.ts";
import type { PlacedFrame } from "../../chunks/packs/pack-directory.ts";
import { PackError } from "../../chunks/packs/pack-error.ts";
import { PackWriter } from "../../chunks/packs/pack-writer.ts";
import type { ChunkSource } from "../../chunks/plain/make-plain.ts";
import type { PackSurvey } from "./pack-survey.ts";

/** As all packs are written. */
const PACK_SETTINGS = { frameBytes: 1024 * 1024, level: 9 } as const;
const DELTA_LEVEL = 12;

/** What of a frame of an old pack is moved to a new one. */
export interface MovedFrame {
  readonly pack: string;
  readonly frame: PlacedFrame;
  /** Of its chunks; at least one. */
  readonly ids: readonly ChunkId[];
}

export interface MovingTools {
  readonly chunks: ChunkSource;
  readonly survey: Pick<PackSurvey, "dictionaryOf">;
}

/**
 * Writes a new pack of what old frames have. Plain ones are joined; one that leans on others leans on them still,
 * for without them it would be many times as large.
 * @returns the pack's bytes. @throws {ChunkMissing} {ChunkDamaged} {PackError} {StorageError}
 */
export async function* packOf(
  frames: readonly MovedFrame[],
  { chunks, survey }: MovingTools,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces: Uint8Array[] = [];
  const writer = new PackWriter(PACK_SETTINGS, (bytes) => void pieces.push(bytes));
  for (const { pack, frame, ids } of frames) {
    const moved: { id: ChunkId; bytes: Uint8Array }[] = [];
    for (const id of ids) moved.push({ id, bytes: await chunks.read(id) });
    if (frame.depth > 0) {
      const delta = await deltaOf(pack, frame, { chunks, survey });
      writer.addDelta(moved, { delta, level: DELTA_LEVEL });
    } else {
      for (const { bytes } of moved) writer.add(bytes);
    }
    yield* pieces.splice(0);
  }
  writer.end();
  yield* pieces;
}

async function deltaOf(
  pack: string,
  frame: PlacedFrame,
  { chunks, survey }: MovingTools,
): Promise<FrameDelta> {
  const ids = await survey.dictionaryOf(pack, frame);
  if (ids === undefined) throw new PackError(`a frame of the pack ${pack} is damaged`);
  const bases: Uint8Array[] = [];
  for (const id of ids) bases.push(await chunks.read(id));
  return { ids, dictionary: Buffer.concat(bases), depth: frame.depth };
}
