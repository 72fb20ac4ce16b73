/** Many small layers, made of a few large ones. */
import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { TarWalker } from "../../src/tar/tar-walker.ts";
import { encodeFile } from "../recompress/encoders/encode-file.ts";
import { encoderNamed } from "../recompress/encoders/encoder-table.ts";

/** As most layers are compressed. */
const ENCODER = "go-1.26-6";
const END = new Uint8Array(1024);

/**
 * Cuts a tar between its entries, and compresses each part.
 *
 * @param partBytes what a part has at least, uncompressed; the last one may have less
 * @returns the files, below `folder`.
 */
export async function layerParts(
  tarFile: string,
  { folder, name, partBytes }: { folder: string; name: string; partBytes: number },
): Promise<readonly string[]> {
  const cuts = await cutsIn(tarFile, partBytes);
  const files: string[] = [];
  const encoder = encoderNamed(ENCODER);
  const plainFile = join(folder, "part.tar");
  for (const [index, start] of cuts.entries()) {
    const end = cuts[index + 1];
    if (end === undefined) break;
    await copyPart(tarFile, plainFile, { start, end });
    const streamFile = join(folder, `${name}-${index}.gz`);
    await encodeFile({ encoder, plainFile, streamFile });
    files.push(streamFile);
  }
  await rm(plainFile, { force: true });
  return files;
}

/** @returns where parts begin, and where the last one ends. */
async function cutsIn(tarFile: string, partBytes: number): Promise<readonly number[]> {
  const cuts = [0];
  const walker = new TarWalker(({ start }) => {
    if (start - (cuts.at(-1) ?? 0) >= partBytes) cuts.push(start);
  });
  let size = 0;
  for await (const bytes of createReadStream(tarFile)) {
    walker.write(bytes as Buffer);
    size += (bytes as Buffer).length;
  }
  return [...cuts, size];
}

async function copyPart(
  tarFile: string,
  partFile: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<void> {
  await using part = await open(partFile, "w");
  for await (const bytes of createReadStream(tarFile, { start, end: end - 1 })) {
    await part.write(bytes as Buffer);
  }
  await part.write(END);
}
