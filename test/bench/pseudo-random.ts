import { createCipheriv } from "node:crypto";
import { type Digest, Digester } from "../../src/oci/digest.ts";

const PIECE_BYTES = 1024 * 1024;

/** Bytes that no compression helps with, made anew each time: the same ones for the same seed. */
export function* pseudoRandom(
  seed: number,
  { startBytes = 0, lengthBytes }: { readonly startBytes?: number; readonly lengthBytes: number },
): Generator<Buffer> {
  const key = Buffer.alloc(16, seed);
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(startBytes) / 16n, 8);
  const cipher = createCipheriv("aes-128-ctr", key, counter);
  const zeros = Buffer.alloc(PIECE_BYTES);
  for (let leftBytes = lengthBytes; leftBytes > 0; leftBytes -= PIECE_BYTES) {
    yield cipher.update(zeros.subarray(0, Math.min(PIECE_BYTES, leftBytes)));
  }
}

export function digestOfPseudoRandom(seed: number, lengthBytes: number): Digest {
  const digester = new Digester("sha256");
  for (const piece of pseudoRandom(seed, { lengthBytes })) digester.update(piece);
  return digester.digest();
}
