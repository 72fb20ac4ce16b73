import type { Manifest } from "../oci/manifest.ts";
import { LayoutError } from "./stored-layer.ts";

/** Some nine thousand images of usual sizes. */
const MOST_STEPS = 200_000;
const STEPS_OF_MANIFEST = 20;
const BYTES_OF_STEP = 1024;

/** Ends a walk over indexes that name one another over and over: by what it reads, and by what it finds. */
export class WalkLimit {
  readonly #file: string;
  #stepsLeft = MOST_STEPS;

  /** @param file how to name it in messages */
  constructor(file: string) {
    this.#file = file;
  }

  /** @throws {LayoutError} when there were too many */
  pass(manifest: Manifest, sizeBytes: number): void {
    const more = manifest.layers.length + Math.floor(sizeBytes / BYTES_OF_STEP);
    this.#stepsLeft -= STEPS_OF_MANIFEST + more;
    if (this.#stepsLeft >= 0) return;
    throw new LayoutError(`${this.#file}: there are too many images here to look at them all`);
  }
}
