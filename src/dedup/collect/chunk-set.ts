import { CHUNK_ID_BYTES, type ChunkId, chunkIdBytes } from "../../chunks/chunk-id.ts";

const ID_WORDS = CHUNK_ID_BYTES / 4;
const FIRST_SLOTS = 1024;
/** Of four slots, so many may be taken. */
const MOST_OF_FOUR = 3;

/**
 * Ids of chunks, 22 to 43 bytes each in memory: a store may have many millions of them.
 * Ids are hashes already, so that one word of an id says where it lies.
 */
export class ChunkSet {
  /** Slots of four words; one that is all zero is free. */
  #words = new Uint32Array(FIRST_SLOTS * ID_WORDS);
  #size = 0;
  #hasZero = false;
  readonly #probe = new Uint32Array(ID_WORDS);

  get size(): number {
    return this.#size + (this.#hasZero ? 1 : 0);
  }

  has(id: ChunkId): boolean {
    this.#look(chunkIdBytes(id), 0);
    if (this.#isZero(this.#probe, 0)) return this.#hasZero;
    return !this.#isZero(this.#words, this.#placeOf(this.#probe));
  }

  /** @returns whether it was not there. */
  add(id: ChunkId): boolean {
    return this.#addAt(chunkIdBytes(id), 0);
  }

  /** @param idBytes ids, one after the other. */
  addAll(idBytes: Uint8Array): void {
    for (let at = 0; at < idBytes.length; at += CHUNK_ID_BYTES) this.#addAt(idBytes, at);
  }

  #addAt(bytes: Uint8Array, at: number): boolean {
    this.#look(bytes, at);
    if (this.#isZero(this.#probe, 0)) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    const place = this.#placeOf(this.#probe);
    if (!this.#isZero(this.#words, place)) return false;
    this.#words.set(this.#probe, place);
    this.#size += 1;
    if (this.#size * ID_WORDS * 4 > this.#words.length * MOST_OF_FOUR) this.#grow();
    return true;
  }

  #look(bytes: Uint8Array, at: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, CHUNK_ID_BYTES);
    for (let word = 0; word < ID_WORDS; word += 1) this.#probe[word] = view.getUint32(word * 4);
  }

  /** @returns where the id lies, or the free slot for it. */
  #placeOf(id: Uint32Array): number {
    const slots = this.#words.length / ID_WORDS;
    for (let slot = (id[0] ?? 0) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const place = slot * ID_WORDS;
      if (this.#isZero(this.#words, place) || this.#isAt(place, id)) return place;
    }
  }

  #isAt(place: number, id: Uint32Array): boolean {
    const words = this.#words;
    return (
      words[place] === id[0] &&
      words[place + 1] === id[1] &&
      words[place + 2] === id[2] &&
      words[place + 3] === id[3]
    );
  }

  #isZero(words: Uint32Array, at: number): boolean {
    return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
  }

  #grow(): void {
    const before = this.#words;
    this.#words = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += ID_WORDS) {
      if (this.#isZero(before, at)) continue;
      const id = before.subarray(at, at + ID_WORDS);
      this.#words.set(id, this.#placeOf(id));
    }
  }
}
