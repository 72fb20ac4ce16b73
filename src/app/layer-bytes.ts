import type { FileHandle } from "node:fs/promises";
import { type FileRange, LayoutError } from "../layouts/stored-layer.ts";

const READ_BYTES = 1024 * 1024;

/** A layer that is read, as often as needed. */
export interface OpenLayer {
  readonly file: FileHandle;
  readonly range: FileRange;
  /** How to name it in messages. */
  readonly name: string;
}

/**
 * @param onRead told the bytes that were read since it was told last
 * @returns the layer's bytes as they lie there, each piece of use until the next one is asked for
 * @throws {LayoutError} when the file became shorter meanwhile.
 */
export async function* bytesOf(
  { file, range, name }: OpenLayer,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(READ_BYTES);
  for (let read = 0; read < range.sizeBytes;) {
    const wanted = Math.min(READ_BYTES, range.sizeBytes - read);
    const { bytesRead } = await file.read(buffer, 0, wanted, range.offset + read);
    if (bytesRead === 0)
      throw new LayoutError(`${name}: the file became shorter while it was read`);
    read += bytesRead;
    onRead(bytesRead);
    yield buffer.subarray(0, bytesRead);
  }
}
