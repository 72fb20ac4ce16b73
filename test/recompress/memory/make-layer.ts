/**
 * `node test/recompress/memory/make-layer.ts BYTES [tar]`: prints a made-up layer, the same each time. With `tar` no
 * path comes twice. A process of its own: what the making takes is not what is measured.
 */
import { once } from "node:events";
import { argv, stdout } from "node:process";
import { plainLayerPieces } from "../../fixtures/plain-layer.ts";

const [sizeText, kind] = argv.slice(2);
const shape = { seed: 3, sizeBytes: Number(sizeText), canUnpack: kind === "tar" };
for (const piece of plainLayerPieces(shape)) {
  if (!stdout.write(piece)) await once(stdout, "drain");
}
