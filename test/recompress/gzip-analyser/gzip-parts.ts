import { constants, crc32, deflateRawSync } from "node:zlib";
import type { ZlibOptions } from "node:zlib";

/** All literals: what the model of `test/fakes/literals-model.ts` foresees. */
export const LITERALS_ONLY: ZlibOptions = { strategy: constants.Z_HUFFMAN_ONLY };

/** A header (RFC 1952 section 2.3) as Go writes it, with flags and what they promise. */
export function gzipHeader(flags: number, ...rest: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255]), ...rest]),
  );
}

/** The trailer that belongs to the plain bytes. */
export function gzipTrailer(plain: Uint8Array): Uint8Array {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(plain), 0);
  trailer.writeUInt32LE(plain.length % 2 ** 32, 4);
  return trailer;
}

/** One member. */
export function gzipMember(plain: Uint8Array, options: ZlibOptions = LITERALS_ONLY): Uint8Array {
  return Buffer.concat([gzipHeader(0), deflateRawSync(plain, options), gzipTrailer(plain)]);
}
