const PARCEL_BYTES = 256 * 1024;
/** Of the first parcel, for which somebody may be waiting; each is twice as large as the one before. */
const FIRST_PARCEL_BYTES = 16 * 1024;

/** Gathers bytes, because a message to another thread costs as much as the making of many of them. */
export class ByteParcels {
  readonly #onParcel: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #parcelBytes: number;
  #nextBytes: number;
  #parcel: Uint8Array<ArrayBuffer> | undefined;
  #size = 0;

  /**
   * @param onParcel given full parcels, and a last one that need not be; to keep
   * @param parcelBytes of a full one
   */
  constructor(onParcel: (bytes: Uint8Array<ArrayBuffer>) => void, parcelBytes = PARCEL_BYTES) {
    this.#onParcel = onParcel;
    this.#parcelBytes = parcelBytes;
    this.#nextBytes = Math.min(FIRST_PARCEL_BYTES, parcelBytes);
  }

  /** Somebody waits for the first of them again. */
  begin(): void {
    this.#nextBytes = Math.min(FIRST_PARCEL_BYTES, this.#parcelBytes);
  }

  /** @param bytes copied */
  put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      this.#parcel ??= new Uint8Array(this.#nextBytes);
      const piece = bytes.subarray(at, at + this.#parcel.length - this.#size);
      this.#parcel.set(piece, this.#size);
      this.#size += piece.length;
      at += piece.length;
      if (this.#size === this.#parcel.length) this.end();
    }
  }

  /** Forgets what is left. */
  drop(): void {
    this.#parcel = undefined;
    this.#size = 0;
  }

  /** Hands over what is left. */
  end(): void {
    if (this.#parcel === undefined) return;
    const full = this.#parcel.subarray(0, this.#size);
    this.#nextBytes = Math.min(2 * this.#nextBytes, this.#parcelBytes);
    this.#parcel = undefined;
    this.#size = 0;
    this.#onParcel(full);
  }
}
