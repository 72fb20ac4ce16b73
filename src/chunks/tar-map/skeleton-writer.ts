import { BLOCK_BYTES, carriesBody, isExtended, MOST_EXTENDED_BYTES } from "../../tar/tar-header.ts";
import { type ExtendedBody, ExtendedWriter, parseExtended } from "./extended-columns.ts";
import { type ExtendedFacts, HeaderWriter, type WritingState } from "./header-columns.ts";
import { type HeaderValues, parseHeader } from "./header-shape.ts";
import { PathGuesses } from "./path-guesses.ts";
import { TimeWriter } from "./recent-times.ts";
import { ColumnSetWriter, SKELETON_OPS } from "./skeleton-columns.ts";

/** What the bytes that are being collected are. */
type Awaited =
  | { readonly kind: "block" }
  | { readonly kind: "extended-body"; readonly header: HeaderValues }
  /** Nothing is collected: the next thing told should be the header's body. */
  | { readonly kind: "body"; readonly header: HeaderValues }
  | { readonly kind: "padding"; readonly header: HeaderValues };

const A_BLOCK: Awaited = { kind: "block" };

/**
 * Turns the skeleton of a tar into columns that compress well.
 *
 * Is told all parts of the plain bytes in order, of bodies their sizes alone. The columns do not depend on how the
 * skeleton's bytes were cut. They grow by some ten bytes a file, by more for what is no usual header; whoever
 * cannot bear that looks at `sizeBytes`.
 */
export class SkeletonWriter {
  readonly #columns = new ColumnSetWriter();
  readonly #headers: HeaderWriter;
  readonly #extended: ExtendedWriter;
  #awaited = A_BLOCK;
  #held = new Uint8Array(BLOCK_BYTES);
  #heldBytes = 0;
  #wantedBytes = BLOCK_BYTES;
  /** Offset in the plain bytes of what is told next. */
  #at = 0;
  #run: { readonly op: number; readonly bytes: number } | undefined;

  constructor() {
    const state: WritingState = {
      columns: this.#columns,
      guesses: new PathGuesses(),
      times: new TimeWriter(this.#columns),
    };
    this.#headers = new HeaderWriter(state);
    this.#extended = new ExtendedWriter(state);
  }

  /** Bytes of all columns so far, before compression. */
  get sizeBytes(): number {
    return this.#columns.sizeBytes;
  }

  /** @param bytes held no longer than the call. */
  skeleton(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) from += this.#collect(bytes.subarray(from));
  }

  /** @param sizeBytes how many bytes the body had in truth, whatever a header said. Nothing when 0. */
  body(sizeBytes: number): void {
    if (sizeBytes === 0) return;
    const awaited = this.#awaited;
    this.#at += sizeBytes;
    if (awaited.kind === "body" && awaited.header.sizeBytes === sizeBytes) {
      this.#await({ kind: "padding", header: awaited.header }, this.#toBlockEnd());
      return;
    }
    this.#settle();
    this.#writeBody(sizeBytes);
    this.#awaitBlock();
  }

  /** @returns views of the columns, in the order of {@link SKELETON_COLUMNS}. Nothing may be told afterwards. */
  end(): readonly Uint8Array[] {
    this.#settle();
    this.#endRun();
    return this.#columns.written();
  }

  #collect(bytes: Uint8Array): number {
    if (this.#awaited.kind === "body") this.#settle();
    const taken = Math.min(bytes.length, this.#wantedBytes - this.#heldBytes);
    this.#held.set(bytes.subarray(0, taken), this.#heldBytes);
    this.#heldBytes += taken;
    this.#at += taken;
    if (this.#heldBytes === this.#wantedBytes) this.#complete();
    return taken;
  }

  #await(awaited: Awaited, wantedBytes: number): void {
    this.#awaited = awaited;
    this.#heldBytes = 0;
    this.#wantedBytes = wantedBytes;
    if (wantedBytes > this.#held.length) this.#held = new Uint8Array(wantedBytes);
    if (awaited.kind === "padding" && wantedBytes === 0) this.#complete();
  }

  #awaitBlock(): void {
    // A large extended header is rare: its room is given back.
    if (this.#held.length > BLOCK_BYTES) this.#held = new Uint8Array(BLOCK_BYTES);
    this.#await(A_BLOCK, this.#toBlockEnd() || BLOCK_BYTES);
  }

  #toBlockEnd(): number {
    return toBlockEnd(this.#at);
  }

  /** What was awaited has come whole. */
  #complete(): void {
    const held = this.#held.subarray(0, this.#heldBytes);
    const awaited = this.#awaited;
    switch (awaited.kind) {
      case "block":
        return this.#block(held);
      case "extended-body":
        return this.#extendedBody(awaited.header, held);
      case "padding":
        if (isZeros(held)) {
          this.#writeHeader(SKELETON_OPS.foretold, awaited.header);
          return this.#awaitBlock();
        }
        return this.#settleAndAwait();
      case "body":
    }
  }

  #block(block: Uint8Array): void {
    const header = block.length === BLOCK_BYTES ? parseHeader(block) : undefined;
    if (header === undefined) return this.#settleAndAwait();
    const { sizeBytes, shape } = header;
    if (sizeBytes > 0 && isExtended(shape.type) && sizeBytes <= MOST_EXTENDED_BYTES) {
      return this.#await({ kind: "extended-body", header }, sizeBytes + toBlockEnd(sizeBytes));
    }
    if (sizeBytes > 0 && carriesBody(shape.type)) return this.#await({ kind: "body", header }, 0);
    this.#writeHeader(SKELETON_OPS.foretold, header);
    this.#awaitBlock();
  }

  #extendedBody(header: HeaderValues, held: Uint8Array): void {
    const body = parseExtended(header.shape.type, held.subarray(0, header.sizeBytes));
    if (body === undefined || !isZeros(held.subarray(header.sizeBytes))) {
      return this.#settleAndAwait();
    }
    this.#writeHeader(SKELETON_OPS.foretold, header, body);
    this.#awaitBlock();
  }

  #settleAndAwait(): void {
    this.#settle();
    this.#awaitBlock();
  }

  /** Writes what was awaited as far as it came, with nothing foretold. */
  #settle(): void {
    const awaited = this.#awaited;
    if (awaited.kind !== "block") this.#writeHeader(SKELETON_OPS.header, awaited.header);
    if (awaited.kind === "padding") this.#writeBody(awaited.header.sizeBytes);
    this.#writePlain(this.#held.subarray(0, this.#heldBytes));
    this.#awaitBlock();
  }

  #writeHeader(op: number, header: HeaderValues, body?: ExtendedBody): void {
    this.#endRun();
    this.#columns.column("ops").number(op);
    const facts: ExtendedFacts | undefined = body && this.#extended.write(body);
    this.#headers.write(header, facts);
  }

  #writeBody(sizeBytes: number): void {
    this.#endRun();
    this.#columns.column("ops").number(SKELETON_OPS.body);
    this.#columns.column("counts").number(sizeBytes);
  }

  #writePlain(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const op = isZeros(bytes) ? SKELETON_OPS.zeros : SKELETON_OPS.raw;
    if (this.#run?.op !== op) this.#endRun();
    this.#run = { op, bytes: (this.#run?.bytes ?? 0) + bytes.length };
    if (op === SKELETON_OPS.raw) this.#columns.column("raw").raw(bytes);
  }

  #endRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.#columns.column("ops").number(run.op);
    this.#columns.column("counts").number(run.bytes);
  }
}

/** @returns how many bytes there are from an offset to the end of its block; 0 at a block's start. */
function toBlockEnd(offset: number): number {
  return (BLOCK_BYTES - (offset % BLOCK_BYTES)) % BLOCK_BYTES;
}

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
