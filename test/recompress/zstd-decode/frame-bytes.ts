/** A block of a hand-made frame. */
export interface HandBlock {
  readonly type: 0 | 1 | 2 | 3;
  /** What the header says; as many as there are bytes by default. */
  readonly size?: number;
  readonly bytes: readonly number[];
}

/** A frame put together by hand, so that it may say what no encoder says. */
export interface HandFrame {
  /** No window, no content size, no checksum by default: then `after` begins with the window descriptor. */
  readonly descriptor?: number;
  /** The rest of the header; a window of 1 MiB by default. */
  readonly header?: readonly number[];
  readonly blocks: readonly HandBlock[];
  readonly checksum?: readonly number[];
}

/** @returns the frame; its last block is marked as such. */
export function handFrame(frame: HandFrame): Buffer {
  const { descriptor = 0, header = [10 << 3], blocks, checksum = [] } = frame;
  const body = blocks.flatMap(({ type, bytes, size = bytes.length }, index) => {
    const head = (size << 3) | (type << 1) | (index === blocks.length - 1 ? 1 : 0);
    return [head & 255, (head >> 8) & 255, head >> 16, ...bytes];
  });
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, ...header, ...body, ...checksum]);
}

/** @returns a skippable frame. */
export function skippableFrame(content: Uint8Array, nibble = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50 + nibble, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

/** Bits for a stream that is read backwards: the first ones read are given last. */
export function backwardBits(
  parts: readonly (readonly [value: number, count: number])[],
): number[] {
  const bits = parts.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, bit) => (value >> bit) & 1),
  );
  bits.push(1);
  return Array.from({ length: Math.ceil(bits.length / 8) }, (_, byte) =>
    bits.slice(byte * 8, byte * 8 + 8).reduce((sum, bit, place) => sum | (bit << place), 0),
  );
}
