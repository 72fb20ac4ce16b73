import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { analyseStream } from "../../../src/recompress/analyse.ts";
import { EngineMemory } from "../../../src/recompress/engine-memory.ts";
import type { Outcome } from "../../../src/recompress/outcome.ts";
import { rebuildStream, restartPoints } from "../../../src/recompress/rebuild.ts";
import { decodeRecipe, encodeRecipe, type Recipe } from "../../../src/recompress/recipe.ts";

const READ_BYTES = 256 * 1024;
const memory = new EngineMemory();

/** What came of one stream. */
export interface Measurement {
  readonly streamBytes: number;
  readonly plainBytes: number;
  /** Why it is raw; `undefined` when it has a recipe. */
  readonly because?: string;
  readonly encoder: string;
  readonly framing: string;
  readonly corrections: number;
  /** As stored. */
  readonly recipeBytes: number;
  readonly analyseMs: number;
  readonly rebuildMs: number;
  /** Whether the rebuilt stream had the digest of the real one. */
  readonly isRebuilt: boolean;
  readonly restarts: number;
  /** Those from which the stream came out as it is, up to the next one. */
  readonly restartsThatHeld: number;
}

/** A stream and what is in it. */
export interface StreamFiles {
  readonly streamFile: string;
  readonly plainFile: string;
}

/** The plain bytes that analysis handed on are not those of the plain file. */
class WrongPlain extends Error {
  readonly kind = "WrongPlain";
}

/**
 * Analyses a stream, rebuilds it by way of the recipe as it would be stored, and again from every restart.
 * @throws {WrongPlain} when the stream holds something else than the plain file.
 */
export function measureStream(files: StreamFiles): Measurement {
  const stream = new FileBytes(files.streamFile);
  const plain = new FileBytes(files.plainFile);
  try {
    return measureBytes(stream, plain);
  } finally {
    stream.close();
    plain.close();
  }
}

function measureBytes(stream: FileBytes, plain: FileBytes): Measurement {
  const { outcome, elapsedMs: analyseMs } = analyse(stream, plain);
  const sizes = { streamBytes: stream.sizeBytes, plainBytes: plain.sizeBytes, analyseMs };
  if (outcome.kind === "raw") return { ...sizes, ...NOT_REBUILT, because: outcome.reason.text };
  const stored = encodeRecipe(outcome.recipe);
  const recipe = decodeRecipe(stored);
  const { findings } = outcome;
  return {
    ...sizes,
    ...rebuild({ recipe, stream, plain }),
    ...tryRestarts({ recipe, stream, plain }),
    encoder: `${findings.encoder} ${findings.level}`,
    framing: findings.framing,
    corrections: findings.corrections,
    recipeBytes: stored.length,
  };
}

const NOT_REBUILT = {
  encoder: "",
  framing: "",
  corrections: 0,
  recipeBytes: 0,
  rebuildMs: 0,
  isRebuilt: false,
  restarts: 0,
  restartsThatHeld: 0,
} as const;

interface Subject {
  readonly recipe: Recipe;
  readonly stream: FileBytes;
  readonly plain: FileBytes;
}

function analyse(
  stream: FileBytes,
  plain: FileBytes,
): { readonly outcome: Outcome; readonly elapsedMs: number } {
  const startedMs = performance.now();
  const digest = createHash("sha256");
  const analyser = analyseStream((bytes) => digest.update(bytes), memory);
  for (const bytes of stream.pieces(0)) if (!analyser.write(bytes)) break;
  const outcome = analyser.end();
  const elapsedMs = performance.now() - startedMs;
  if (outcome.kind === "exact" && digest.digest("hex") !== plain.digest()) {
    throw new WrongPlain("the stream does not hold what the plain file holds");
  }
  return { outcome, elapsedMs };
}

function rebuild({ recipe, stream, plain }: Subject): Pick<Measurement, "isRebuilt" | "rebuildMs"> {
  const startedMs = performance.now();
  const digest = createHash("sha256");
  const rebuilder = rebuildStream(recipe, (bytes) => digest.update(bytes), { memory });
  for (const bytes of plain.pieces(0)) rebuilder.write(bytes);
  rebuilder.end();
  const rebuildMs = performance.now() - startedMs;
  return { isRebuilt: digest.digest("hex") === stream.digest(), rebuildMs };
}

/** Rebuilds the pieces between the restarts, each alone, and counts those that come out as they are. */
function tryRestarts(subject: Subject): Pick<Measurement, "restarts" | "restartsThatHeld"> {
  const restarts = restartPoints(subject.recipe).length;
  const indexes = Array.from({ length: restarts }, (_, index) => index);
  const held = indexes.filter((index) => doesHold(subject, index));
  return { restarts, restartsThatHeld: held.length };
}

function doesHold({ recipe, stream, plain }: Subject, index: number): boolean {
  const points = restartPoints(recipe);
  const [from, until] = [points[index], points[index + 1]];
  if (from === undefined) return false;
  const isUntilCut = until !== undefined && until.streamBit > 0;
  const endByte = until === undefined ? stream.sizeBytes : until.streamByte + Number(isUntilCut);
  const check = new PieceCheck(stream, {
    from,
    endByte,
    endBits: isUntilCut ? until.streamBit : 8,
  });
  const span = { from: index, until: until === undefined ? undefined : index + 1, memory };
  const rebuilder = rebuildStream(recipe, (bytes) => check.take(bytes), span);
  for (const bytes of plain.pieces(from.plainFrom)) if (!rebuilder.write(bytes)) break;
  rebuilder.end();
  return check.isWhole;
}

interface Piece {
  readonly from: { readonly streamByte: number; readonly streamBit: number };
  readonly endByte: number;
  /** How many of the last byte's lowest bits belong to the piece. */
  readonly endBits: number;
}

/** Compares what a rebuild writes with a piece of the stream. */
class PieceCheck {
  readonly #stream: FileBytes;
  readonly #piece: Piece;
  #at: number;
  #isEqual = true;

  constructor(stream: FileBytes, piece: Piece) {
    this.#stream = stream;
    this.#piece = piece;
    this.#at = piece.from.streamByte;
  }

  /** Whether all of the piece has come, and nothing else. */
  get isWhole(): boolean {
    return this.#isEqual && this.#at === this.#piece.endByte;
  }

  take(bytes: Uint8Array): void {
    const { from, endByte, endBits } = this.#piece;
    const wanted = this.#stream.read(this.#at, bytes.length);
    const first = from.streamByte - this.#at;
    if (first === 0) wanted[0] = ((wanted[0] ?? 0) >>> from.streamBit) << from.streamBit;
    const last = endByte - 1 - this.#at;
    if (last < wanted.length) wanted[last] = (wanted[last] ?? 0) & ((1 << endBits) - 1);
    this.#at += bytes.length;
    this.#isEqual &&= wanted.equals(bytes);
  }
}

/** A file that is read as bytes are asked for. */
class FileBytes {
  readonly #descriptor: number;
  readonly sizeBytes: number;

  constructor(file: string) {
    this.#descriptor = openSync(file, "r");
    this.sizeBytes = fstatSync(this.#descriptor).size;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  read(start: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, size, start));
  }

  /** All from `start` on. Each piece is overwritten by the next. */
  *pieces(start: number): Generator<Uint8Array, void, undefined> {
    const buffer = Buffer.alloc(READ_BYTES);
    for (let at = start; at < this.sizeBytes;) {
      const size = readSync(this.#descriptor, buffer, 0, READ_BYTES, at);
      if (size === 0) return;
      at += size;
      yield buffer.subarray(0, size);
    }
  }

  digest(): string {
    const digest = createHash("sha256");
    for (const bytes of this.pieces(0)) digest.update(bytes);
    return digest.digest("hex");
  }
}
