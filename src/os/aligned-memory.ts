/** Memory that every thread can see and that the kernel can move to and from disks without a copy. */

/** The strictest alignment that disks of today ask for, and the size of a page. */
export const ALIGNMENT_BYTES = 4096;

/** @returns so many bytes, zeroed, that begin at a multiple of {@link ALIGNMENT_BYTES} where node can tell. */
export type AllocateShared = (sizeBytes: number) => Uint8Array;

/** Where this build of node cannot tell where memory lies, the bytes begin anywhere. */
export async function loadAllocateShared(): Promise<AllocateShared> {
  const addressOf = await loadAddressOf();
  if (addressOf === undefined)
    return (sizeBytes) => new Uint8Array(new SharedArrayBuffer(sizeBytes));
  return (sizeBytes) => {
    const memory = new Uint8Array(new SharedArrayBuffer(sizeBytes + ALIGNMENT_BYTES));
    const skipped = Number(-addressOf(memory) & BigInt(ALIGNMENT_BYTES - 1));
    return memory.subarray(skipped, skipped + sizeBytes);
  };
}

async function loadAddressOf(): Promise<((memory: Uint8Array) => bigint) | undefined> {
  try {
    const { getRawPointer } = await import("node:ffi");
    getRawPointer(new Uint8Array(new SharedArrayBuffer(1)));
    return (memory) => getRawPointer(memory);
  } catch {
    return undefined;
  }
}
