/** What must hold for chunks that lie in several places, and lean on others, in packs that are spoilt. */
import { crc32 } from "node:zlib";
import { type ChunkId, chunkIdOf } from "../../../src/chunks/chunk-id.ts";
import type { ChunkPlace } from "../../../src/chunks/index/chunk-index.ts";
import { FRAME_START_BYTES } from "../../../src/chunks/packs/frame.ts";
import { TRAILER_BYTES } from "../../../src/chunks/packs/pack-directory.ts";
import { PackError } from "../../../src/chunks/packs/pack-error.ts";
import { PackWriter } from "../../../src/chunks/packs/pack-writer.ts";
import {
  ChunkDamaged,
  ChunkMissing,
  PackedChunks,
} from "../../../src/chunks/packs/packed-chunks.ts";
import { readDirectory } from "../../../src/chunks/packs/read-pack.ts";
import type { SeededRandom } from "../../fixtures/seeded-random.ts";
import { mutate } from "../../recompress/fuzz/mutations.ts";
import { someChunks, sourceOf } from "../packs/pack-in-memory.ts";

const CHUNKS = 6;
const SETTINGS = { frameBytes: 60_000, level: 3 } as const;
const KEPT_BYTES = 200_000;

type PackName = "plain" | "leaning";

/** Chunks in one pack, and once more in another, where they lean on some of the first, and others on them. */
export interface LeaningSamples {
  readonly chunks: ReadonlyMap<ChunkId, Uint8Array>;
  readonly packs: Readonly<Record<PackName, Buffer>>;
  readonly places: Readonly<Record<PackName, readonly Placed[]>>;
}

interface Placed extends ChunkPlace {
  readonly id: ChunkId;
}

/** A chunk that came out is another one, or one did not that lies unspoilt. */
class WrongChunk extends Error {
  readonly kind = "wrong-chunk";
}

export async function leaningSamples(): Promise<LeaningSamples> {
  const base = someChunks(CHUNKS, 5);
  const next = base.map((chunk) => Buffer.concat([chunk.subarray(3), Buffer.from("new")]));
  const plain = packBy((writer) => {
    for (const chunk of base) writer.add(chunk);
  });
  const leaning = packBy((writer) => {
    lean(writer, { on: base.slice(0, 3), depth: 1 }, next.slice(0, 3));
    lean(writer, { on: next.slice(0, 3), depth: 2 }, next.slice(3));
    // Once more, and only by way of others.
    lean(writer, { on: next.slice(3), depth: 3 }, base.slice(1, 4));
  });
  const packs = { plain, leaning };
  return {
    chunks: new Map([...base, ...next].map((chunk) => [chunkIdOf(chunk), chunk])),
    packs,
    places: { plain: await placesIn("plain", plain), leaning: await placesIn("leaning", leaning) },
  };
}

/** Whatever is spoilt, what comes out is right; and what lies unspoilt comes out. */
export async function tryLeaning(samples: LeaningSamples, random: SeededRandom): Promise<string> {
  const name = random.pick(["plain", "leaning"] as const);
  const spoilt = spoil(samples.packs[name], samples.places[name], random);
  const packs = { ...samples.packs, [name]: spoilt };
  const told = random.oneIn(2) ? await toldBy(name, spoilt) : undefined;
  const places = { ...samples.places, ...(told && { [name]: told }) };
  const order = random.oneIn(2) ? (["plain", "leaning"] as const) : (["leaning", "plain"] as const);
  const chunks = new PackedChunks({
    find: (id) => order.flatMap((pack) => places[pack].filter((place) => place.id === id)),
    open: async (pack) => sourceOf(pack === "plain" ? packs.plain : packs.leaning),
    keptBytes: random.pick([0, KEPT_BYTES]),
  });
  const whole = name === "leaning" ? samples.places.plain : [];
  const lost = await countLost(chunks, samples, new Set(whole.map(({ id }) => id)));
  return lost === 0 ? "all chunks" : "fewer chunks";
}

/** @param unspoilt chunks that must not be lost. */
async function countLost(
  packed: PackedChunks,
  { chunks }: LeaningSamples,
  unspoilt: ReadonlySet<ChunkId>,
): Promise<number> {
  let lost = 0;
  for (const [id, bytes] of chunks) {
    const read = await readOrNothing(packed, id);
    if (read === undefined) lost += 1;
    else if (Buffer.compare(read, bytes) !== 0) throw new WrongChunk(`${id} is another one`);
    if (read === undefined && unspoilt.has(id)) throw new WrongChunk(`${id} lies unspoilt`);
  }
  return lost;
}

async function readOrNothing(chunks: PackedChunks, id: ChunkId): Promise<Uint8Array | undefined> {
  try {
    return await chunks.read(id);
  } catch (error) {
    if (error instanceof ChunkMissing || error instanceof ChunkDamaged) return undefined;
    throw error;
  }
}

/** Half of the time with the right checksum, so that more than that is looked at. */
function spoil(pack: Buffer, places: readonly Placed[], random: SeededRandom): Buffer {
  if (random.oneIn(3)) return withDirectoryChecksum(Buffer.from(mutate(pack, random)));
  const spoilt = Buffer.from(pack);
  const { at, frameBytes } = random.pick(places);
  const frame = spoilt.subarray(at, at + frameBytes);
  const changed = mutate(frame.subarray(FRAME_START_BYTES), random);
  frame.set(changed.subarray(0, frameBytes - FRAME_START_BYTES), FRAME_START_BYTES);
  if (random.oneIn(4)) return spoilt;
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_START_BYTES)), 12);
  return spoilt;
}

function withDirectoryChecksum(pack: Buffer): Buffer {
  const trailerAt = pack.length - TRAILER_BYTES;
  if (trailerAt < 0) return pack;
  const at = Number(pack.readBigUInt64LE(trailerAt));
  if (at < trailerAt) pack.writeUInt32LE(crc32(pack.subarray(at, trailerAt)), trailerAt + 8);
  return pack;
}

/** What a spoilt pack says of itself; `undefined` where it says nothing. */
async function toldBy(name: PackName, pack: Buffer): Promise<readonly Placed[] | undefined> {
  try {
    return await placesIn(name, pack);
  } catch (error) {
    if (error instanceof PackError) return undefined;
    throw error;
  }
}

async function placesIn(name: PackName, pack: Buffer): Promise<readonly Placed[]> {
  const frames = await readDirectory(sourceOf(pack));
  return frames.flatMap(({ at, sizeBytes: frameBytes, depth, chunks }) =>
    chunks.map(({ id, sizeBytes }, slot) => {
      return { id, pack: name, at, frameBytes, depth, slot, sizeBytes };
    }),
  );
}

function packBy(write: (writer: PackWriter) => void): Buffer {
  const pieces: Uint8Array[] = [];
  const writer = new PackWriter(SETTINGS, (bytes) => pieces.push(bytes));
  write(writer);
  writer.end();
  return Buffer.concat(pieces);
}

function lean(
  writer: PackWriter,
  { on, depth }: { readonly on: readonly Uint8Array[]; readonly depth: number },
  chunks: readonly Uint8Array[],
): void {
  const ids = on.map((chunk) => chunkIdOf(chunk));
  const delta = { ids, dictionary: Buffer.concat(on), depth };
  const named = chunks.map((bytes) => ({ id: chunkIdOf(bytes), bytes }));
  writer.addDelta(named, { delta, level: SETTINGS.level });
}
