/**
 * Sets with how many pages the memory of a compiled module begins (WebAssembly core specification, binary format:
 * sections, limits, LEB128).
 *
 * Node's garbage collector weighs a memory by the pages it begins with. One that begins small and is grown
 * weighs next to nothing, so those that nobody uses any more would pile up.
 */

const SECTIONS_AT = 8;
const MEMORY_SECTION = 5;
const DIGIT_BITS = 7;
const DIGIT_MASK = (1 << DIGIT_BITS) - 1;
const MORE = 1 << DIGIT_BITS;

interface Numeral {
  readonly value: number;
  /** Where it ends. */
  readonly end: number;
}

/**
 * @param module with one memory
 * @param pages of 64 KiB: at least as many as the module asks for, at most as many as it allows
 * @returns a copy whose memory begins with so many pages.
 * @throws {TypeError} when the module has no memory.
 */
export function withPages(module: Uint8Array, pages: number): Uint8Array {
  for (let at = SECTIONS_AT; at < module.length;) {
    const size = numeralAt(module, at + 1);
    const end = size.end + size.value;
    if (module[at] === MEMORY_SECTION) {
      const memory = memoryWithPages(module.subarray(size.end, end), pages);
      return Buffer.concat([
        module.subarray(0, at + 1),
        numeral(memory.length),
        memory,
        module.subarray(end),
      ]);
    }
    at = end;
  }
  throw new TypeError("the module has no memory");
}

/** The section holds how many memories there are, of each its flags and its least size. */
function memoryWithPages(section: Uint8Array, pages: number): Uint8Array {
  const flagsEnd = numeralAt(section, 0).end + 1;
  const least = numeralAt(section, flagsEnd);
  return Buffer.concat([
    section.subarray(0, flagsEnd),
    numeral(pages),
    section.subarray(least.end),
  ]);
}

function numeralAt(bytes: Uint8Array, from: number): Numeral {
  let value = 0;
  let at = from;
  for (let shift = 0; ; shift += DIGIT_BITS) {
    const digit = bytes[at++] ?? 0;
    value |= (digit & DIGIT_MASK) << shift;
    if (digit < MORE) return { value, end: at };
  }
}

function numeral(value: number): Uint8Array {
  const digits: number[] = [];
  let left = value;
  for (; left >= MORE; left >>>= DIGIT_BITS) digits.push((left & DIGIT_MASK) | MORE);
  return Uint8Array.from([...digits, left]);
}
