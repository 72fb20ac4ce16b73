import { randomBytes } from "node:crypto";
import type { PackSource } from "../../chunks/packs/read-pack.ts";
import { packKey, PACKS, QUARANTINED_FRAMES, quarantinedFrame } from "../../content/layout.ts";
import { once } from "../../lib/once.ts";
import { type ForgetPages, loadForgetPages } from "../../os/forget-pages.ts";
import { ObjectNotFound } from "../../storage/errors.ts";
import {
  type ByteRange,
  type CallOptions,
  hasLocalFiles,
  type StorageDriver,
} from "../../storage/storage-driver.ts";
import { type ReceivedObject, receiveObject } from "./receive-object.ts";

const NAME_BYTES = 16;
const NAME = /^[0-9a-f]{32}$/;
const FRAME_MARK = /^([0-9a-f]{32})-(\d{1,15})$/;

/** A frame of a pack, by where it begins. */
export interface FramePlace {
  readonly pack: string;
  readonly at: number;
}

/** The packs of a store. Their names tell nothing, and none is used twice. */
export class PackStore {
  readonly #driver: StorageDriver;
  readonly #forgetPages: () => Promise<ForgetPages>;

  constructor(driver: StorageDriver) {
    this.#driver = driver;
    this.#forgetPages = once(loadForgetPages);
  }

  /** Takes in a new pack, which nobody sees yet. @throws what `bytes` fails with, and nothing is kept. */
  receive(bytes: AsyncIterable<Uint8Array>, options: CallOptions): Promise<ReceivedObject> {
    return receiveObject(this.#driver, bytes, options);
  }

  /** Makes what has come in a pack, durably. What is read of it next comes from the disk. @returns its name. */
  async publish(received: ReceivedObject, options: CallOptions): Promise<string> {
    const name = randomBytes(NAME_BYTES).toString("hex");
    const key = packKey(name);
    await received.publish(key, options);
    if (hasLocalFiles(this.#driver)) await (await this.#forgetPages())(this.#driver.localPath(key));
    return name;
  }

  /** All that are there, in order of name. */
  async *list({ signal }: CallOptions): AsyncGenerator<string, void, undefined> {
    for await (const shard of this.#driver.list(PACKS, { signal })) {
      if (shard.kind !== "prefix") continue;
      for await (const { kind, name } of this.#driver.list(`${PACKS}/${shard.name}`, { signal })) {
        if (kind === "object" && NAME.test(name) && name.startsWith(shard.name)) yield name;
      }
    }
  }

  /** @returns `undefined` when there is no such pack. */
  async open(name: string, { signal }: CallOptions): Promise<PackSource | undefined> {
    const info = await this.#driver.stat(packKey(name), { signal });
    if (info === undefined) return undefined;
    const read = async (startBytes: number, lengthBytes: number): Promise<Buffer> => {
      const bytes = await this.read(name, { startBytes, lengthBytes }, { signal });
      if (bytes === undefined) throw new ObjectNotFound(packKey(name));
      return bytes;
    };
    return { sizeBytes: info.sizeBytes, read };
  }

  /** @returns fewer bytes only at the pack's end; `undefined` when there is no such pack. */
  read(name: string, range: ByteRange, options: CallOptions): Promise<Buffer | undefined> {
    return readRange(this.#driver, packKey(name), { ...options, range });
  }

  async delete(name: string, options: CallOptions): Promise<void> {
    await this.#driver.delete(packKey(name), options);
    const marks = await Array.fromAsync(this.damagedFrames(options));
    for (const place of marks.filter(({ pack }) => pack === name)) {
      await this.#driver.delete(quarantinedFrame(place.pack, place.at), options);
    }
  }

  /** Notes that a frame is damaged: its chunks do not count any more. The pack stays as it is, for whoever looks into it. */
  async condemn({ pack, at }: FramePlace, { signal }: CallOptions): Promise<void> {
    const mark = Buffer.from(JSON.stringify({ pack, at, since: new Date().toISOString() }));
    await this.#driver.write(quarantinedFrame(pack, at), mark, { signal });
  }

  /** All frames that were found damaged. */
  async *damagedFrames({ signal }: CallOptions): AsyncGenerator<FramePlace, void, undefined> {
    for await (const { kind, name } of this.#driver.list(QUARANTINED_FRAMES, { signal })) {
      const [, pack, at] = (kind === "object" && FRAME_MARK.exec(name)) || [];
      if (pack !== undefined) yield { pack, at: Number(at) };
    }
  }
}

/** A range of an object, in memory. @returns `undefined` when there is no such object. */
export async function readRange(
  driver: StorageDriver,
  key: string,
  options: CallOptions & { readonly range: ByteRange },
): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of driver.read(key, options)) pieces.push(piece);
  } catch (error) {
    if (error instanceof ObjectNotFound) return undefined;
    throw error;
  }
  const [only, ...more] = pieces;
  if (only === undefined || more.length > 0) return Buffer.concat(pieces);
  return Buffer.from(only.buffer, only.byteOffset, only.length);
}
