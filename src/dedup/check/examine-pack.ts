/** Judges packs: that they are whole, and that what they hold is what they say. */
import type { PlacedFrame } from "../../chunks/packs/pack-directory.ts";
import { PackError } from "../../chunks/packs/pack-error.ts";
import { ChunkDamaged, ChunkMissing, PackedChunks } from "../../chunks/packs/packed-chunks.ts";
import {
  chunksOf,
  readDirectory,
  readFrameAt,
  type PackSource,
} from "../../chunks/packs/read-pack.ts";
import {
  type Examined,
  type Finding,
  NOTHING_THERE,
  violation,
} from "../../content/check/finding.ts";
import { packKey } from "../../content/layout.ts";
import { Slots } from "../../lib/slots.ts";
import { ObjectNotFound } from "../../storage/errors.ts";
import type { CallOptions } from "../../storage/storage-driver.ts";
import type { PackIndex } from "../store/pack-index.ts";
import type { PackStore } from "../store/pack-store.ts";

const MEBIBYTE = 1024 * 1024;
const KEPT_BYTES = 64 * MEBIBYTE;
/** Each may hold a dictionary of 64 MiB. */
const PACKS_AT_A_TIME = 2;

export interface PackTools extends CallOptions {
  readonly packs: PackStore;
  /** Reads what is in packs; without it only their directories are read. */
  readonly reader: FrameReader | undefined;
}

/** One that is known to be damaged in places says so itself, and those places count as not there. */
export async function examinePack(
  name: string,
  { packs, reader, signal }: PackTools,
): Promise<Examined> {
  try {
    const source = await packs.open(name, { signal });
    if (source === undefined) return NOTHING_THERE;
    const { frames, findings } = await directoryOf(name, source);
    const faults =
      reader === undefined ? [] : await reader.faultsIn({ name, source, frames }, signal);
    return { counts: { packs: 1 }, findings: [...findings, ...faults] };
  } catch (error) {
    if (error instanceof ObjectNotFound) return NOTHING_THERE;
    throw error;
  }
}

async function directoryOf(
  name: string,
  source: PackSource,
): Promise<{ readonly frames: readonly PlacedFrame[]; readonly findings: readonly Finding[] }> {
  try {
    return { frames: await readDirectory(source), findings: [] };
  } catch (error) {
    if (!(error instanceof PackError)) throw error;
    const detail = `nothing of the pack is of use: ${error.message}`;
    return { frames: [], findings: [violation("damaged-pack", packKey(name), detail)] };
  }
}

interface OpenPack {
  readonly name: string;
  readonly source: PackSource;
  readonly frames: readonly PlacedFrame[];
}

/** Reads all frames of packs, and hashes every chunk. */
export class FrameReader {
  readonly #packs: PackStore;
  readonly #index: () => Promise<PackIndex>;
  readonly #slots = new Slots(PACKS_AT_A_TIME);

  constructor(packs: PackStore, index: () => Promise<PackIndex>) {
    this.#packs = packs;
    this.#index = index;
  }

  /** @throws {StorageError} */
  async faultsIn(
    { name, source, frames }: OpenPack,
    signal: AbortSignal,
  ): Promise<readonly Finding[]> {
    using _slot = await this.#slots.take(signal);
    const index = await this.#index();
    const bases = this.#basesBy(index, signal);
    const marked = new Set<number>();
    for await (const { pack, at } of this.#packs.damagedFrames({ signal })) {
      if (pack === name) marked.add(at);
    }
    const findings: Finding[] = [];
    for (const frame of frames.filter(({ at }) => !marked.has(at))) {
      signal.throwIfAborted();
      const fault = await faultOf(source, frame, bases);
      if (fault === undefined) continue;
      const detail = `the frame of ${frame.sizeBytes} bytes at ${frame.at} is of no use: ${fault}`;
      findings.push(violation("damaged-pack", packKey(name), detail));
    }
    // What is looked at once more may lean on packs that are new.
    if (findings.length > 0) await index.refresh({ signal });
    return findings;
  }

  #basesBy(index: PackIndex, signal: AbortSignal): PackedChunks {
    return new PackedChunks({
      find: (id) => index.chunks.places(id),
      open: async (pack) => {
        const source = await this.#packs.open(pack, { signal });
        if (source === undefined) throw new PackError(`the pack ${pack} is gone`);
        return source;
      },
      keptBytes: KEPT_BYTES,
    });
  }
}

async function faultOf(
  source: PackSource,
  frame: PlacedFrame,
  bases: PackedChunks,
): Promise<string | undefined> {
  try {
    const read = await readFrameAt(source, frame);
    const dictionary: Uint8Array[] = [];
    for (const id of read.dictionaryIds) dictionary.push(await bases.read(id));
    chunksOf(read, frame.chunks, dictionary.length === 0 ? undefined : Buffer.concat(dictionary));
    return undefined;
  } catch (error) {
    if (error instanceof PackError) return error.message;
    if (error instanceof ChunkMissing || error instanceof ChunkDamaged) {
      return `it leans on others: ${error.message}`;
    }
    throw error;
  }
}
