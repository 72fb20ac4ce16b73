import { ByteParcels } from "./byte-parcels.ts";
import { PieceCredit } from "./piece-credit.ts";
import type { FromThread, ReadPlace, ToThread } from "./thread-messages.ts";

/** Bytes of output that a thread may be ahead of whoever takes them. */
const MOST_UNTAKEN_BYTES = 8 * 1024 * 1024;

/** An object that was to be read could not be. */
export class HostReadFailed extends Error {
  readonly kind = "HostReadFailed";
  /** Whether it is not there. */
  readonly isGone: boolean;

  constructor(text: string, isGone: boolean) {
    super(text);
    this.isGone = isGone;
  }
}

/** A thread's way to the store and to whoever takes what it makes: both are at the other end of its port. */
export class StoreHost {
  readonly #post: (message: FromThread, transfer?: Uint8Array<ArrayBuffer>) => void;
  readonly #reads = new Map<number, PromiseWithResolvers<Buffer>>();
  readonly #credit = new PieceCredit(MOST_UNTAKEN_BYTES);
  readonly #parcels: ByteParcels;
  #lastRead = 0;

  constructor(post: (message: FromThread, transfer?: Uint8Array<ArrayBuffer>) => void) {
    this.#post = post;
    this.#parcels = new ByteParcels((bytes) => {
      this.#credit.spend(bytes.length);
      this.#post({ kind: "bytes", bytes }, bytes);
    });
  }

  /** From now on it is about this order. */
  begin(index: number): void {
    this.#credit.begin(index);
    this.#parcels.begin();
  }

  /** @returns so many bytes from there on; fewer only at the object's end. @throws {HostReadFailed} */
  async read(place: ReadPlace, at: number, sizeBytes: number): Promise<Buffer> {
    const read = (this.#lastRead += 1);
    const asked = Promise.withResolvers<Buffer>();
    this.#reads.set(read, asked);
    this.#post({ kind: "read", read, place, at, sizeBytes });
    return await asked.promise;
  }

  /** Takes the next bytes of what is made: a copy of them goes out, in parcels. */
  put(bytes: Uint8Array): void {
    this.#parcels.put(bytes);
  }

  /** Resolves when more may be made. */
  async room(): Promise<void> {
    await this.#credit.room();
  }

  /** What was made so far is a whole. */
  cut(): void {
    this.#parcels.end();
    this.#post({ kind: "cut" });
  }

  progress(bytes: number): void {
    this.#post({ kind: "progress", bytes });
  }

  /** Hands over what is left. */
  flush(): void {
    this.#parcels.end();
  }

  /** An order ended half-way: what it left behind is nobody's. */
  drop(): void {
    this.#parcels.drop();
  }

  hear(message: Exclude<ToThread, { kind: "order" }>): void {
    if (message.kind === "taken") {
      this.#credit.give(message.index, message.bytes);
      return;
    }
    const asked = this.#reads.get(message.read);
    this.#reads.delete(message.read);
    if (message.kind === "not-given") {
      asked?.reject(new HostReadFailed(message.text, message.isGone));
      return;
    }
    const { buffer, byteOffset, length } = message.bytes;
    asked?.resolve(Buffer.from(buffer, byteOffset, length));
  }
}
