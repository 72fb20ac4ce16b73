import { randomUUID } from "node:crypto";
import type { StagedInfo } from "../../src/storage/storage-driver.ts";
import type { Bucket } from "./bucket.ts";
import { createMultipart, type Multipart, sizeOfParts, uploadPart } from "./multipart.ts";
import { PartBuffer } from "./part-buffer.ts";
import { type Placement, workingPlacement } from "./placement.ts";
import { multipartOf, renewed, type UploadRecord, type UploadRecords } from "./upload-record.ts";
import { partSizeBytes, stagedInfo, type TailPiece, type UploadState } from "./upload-state.ts";
import { collectTail, tailKey } from "./upload-tail.ts";

/** Parts after which the record is written again; the store itself knows of those since. */
const PARTS_PER_RECORD = 8;
/** Each small append leaves a piece; that many are joined to one. */
const MAX_TAIL_PIECES = 32;

/** What a writer works with. */
export interface WriterParts {
  readonly bucket: Bucket;
  readonly records: UploadRecords;
  readonly placement: Placement;
  readonly chunkSizeBytes: number;
  /** Not the caller's own: what has arrived is saved also when the caller has given up. */
  readonly signal: AbortSignal;
}

/**
 * Appends to a staged object: gathers bytes to parts and sends one while the next fills up. What is
 * too small for a part at the end becomes a tail piece of its own.
 */
export class UploadWriter implements AsyncDisposable {
  readonly #key: string;
  readonly #parts: WriterParts;
  #record: UploadRecord;
  /** What the next record will say. */
  #state: UploadState;
  /** Pieces that go to the beginning of the next part. */
  #tail: readonly TailPiece[];
  #nextNumber: number;
  #filling = new PartBuffer();
  #spare: PartBuffer | undefined;
  #sending: Promise<void> = Promise.resolve();
  #hasChanged = false;
  readonly #uselessPieces: TailPiece[] = [];

  constructor(key: string, record: UploadRecord, parts: WriterParts) {
    this.#key = key;
    this.#parts = parts;
    this.#record = record;
    this.#state = record.state;
    this.#tail = record.state.tail;
    this.#nextNumber = record.state.parts.length + 1;
  }

  /** Waits while a full part waits for the one before it. */
  async add(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.byteLength > 0) {
      this.#hasChanged = true;
      const roomBytes = this.#roomBytes();
      rest = this.#filling.add(rest, roomBytes);
      if (this.#filling.sizeBytes === roomBytes) await this.#startSending();
    }
  }

  /** Gives the buffers' memory back. Not while {@link add} or {@link finish} runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sending.catch(ignoreKnownFailure);
    this.#filling[Symbol.dispose]();
    this.#spare?.[Symbol.dispose]();
  }

  /** Saves what is too small for a part, and the record of it all. */
  async finish(): Promise<StagedInfo> {
    await this.#sending;
    if (!this.#hasChanged) return stagedInfo(this.#record.state);
    if (this.#filling.sizeBytes > 0) await this.#addTailPiece();
    await this.#save(renewed({ ...this.#state, tail: this.#tail, isAppending: false }));
    await this.#deleteUselessPieces();
    return stagedInfo(this.#state);
  }

  #roomBytes(): number {
    const wholeBytes = partSizeBytes(this.#nextNumber, this.#parts.chunkSizeBytes);
    return Math.max(1, wholeBytes - sizeOfParts(this.#tail));
  }

  async #startSending(): Promise<void> {
    await this.#sending;
    const part = { number: this.#nextNumber, filled: this.#filling, tail: this.#tail };
    this.#filling = this.#spare ?? new PartBuffer();
    this.#spare = undefined;
    this.#tail = [];
    this.#nextNumber += 1;
    this.#sending = this.#send(part);
    this.#sending.catch(ignoreKnownFailure); // whoever waits for it next is told
  }

  async #send(part: {
    readonly number: number;
    readonly filled: PartBuffer;
    readonly tail: readonly TailPiece[];
  }): Promise<void> {
    const { bucket, signal } = this.#parts;
    const { number, filled, tail } = part;
    const bytes = await this.#withTail(tail, filled);
    const multipart = await this.#openMultipart();
    const sent = await uploadPart(bucket, multipart, { signal, number, bytes });
    filled.clear();
    this.#spare = filled;
    this.#uselessPieces.push(...tail);
    this.#state = { ...this.#state, parts: [...this.#state.parts, sent], tail: [] };
    if (number % PARTS_PER_RECORD === 0) await this.#save(renewed(this.#state));
  }

  async #withTail(tail: readonly TailPiece[], filled: PartBuffer): Promise<Buffer> {
    if (tail.length === 0) return filled.view();
    const { bucket, signal } = this.#parts;
    return Buffer.concat([await collectTail(bucket, this.#key, { signal, tail }), filled.view()]);
  }

  /** Notes down, before the first part is sent, that there may be more parts than the record says. */
  async #openMultipart(): Promise<Multipart> {
    const { bucket, signal, placement } = this.#parts;
    const known = multipartOf(this.#key, this.#state);
    if (known !== undefined && this.#record.state.isAppending) return known;
    const multipart = known ?? (await createMultipart(bucket, this.#key, { signal, placement }));
    const { uploadId } = multipart;
    await this.#save(renewed({ ...this.#state, uploadId, isAppending: true }));
    return multipart;
  }

  async #addTailPiece(): Promise<void> {
    const { bucket, signal, placement } = this.#parts;
    const joined = this.#tail.length + 1 >= MAX_TAIL_PIECES ? this.#tail : [];
    const bytes = await this.#withTail(joined, this.#filling);
    const piece = { name: `tail-${randomUUID()}`, sizeBytes: bytes.byteLength };
    await bucket.put(tailKey(this.#key, piece), bytes, {
      signal,
      placement: workingPlacement(placement),
    });
    this.#uselessPieces.push(...joined);
    this.#tail = [...(joined.length > 0 ? [] : this.#tail), piece];
    this.#filling.clear();
  }

  async #save(state: UploadState): Promise<void> {
    const { records, signal } = this.#parts;
    this.#record = await records.save(this.#key, state, { signal, etag: this.#record.etag });
    this.#state = this.#record.state;
  }

  /** What is left behind goes with the staged object. */
  async #deleteUselessPieces(): Promise<void> {
    if (this.#uselessPieces.length === 0) return;
    const { bucket, signal } = this.#parts;
    const paths = this.#uselessPieces.map((piece) => bucket.pathOf(tailKey(this.#key, piece)));
    await bucket.deletePaths(paths, { signal }).catch(ignoreKnownFailure);
  }
}

function ignoreKnownFailure(): undefined {
  return undefined;
}
