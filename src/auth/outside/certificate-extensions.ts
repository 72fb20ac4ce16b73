/**
 * The extensions of a certificate, which node:crypto does not show but for a few.
 *
 * By hand, and no more than is needed: the library for it (@peculiar/x509) wants the metadata of decorators to be
 * polyfilled for the whole process. What is read here was parsed by OpenSSL before.
 * RFC 5280 section 4.1 and ITU-T X.690 section 8.
 */
import type { X509Certificate } from "node:crypto";

export interface CertificateExtension {
  /** The contents of its object identifier, in hex: `551d13` is 2.5.29.19. */
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** One value in DER. */
interface Item {
  readonly tag: number;
  readonly contents: Uint8Array;
}

const SEQUENCE = 0x30;
const BOOLEAN = 0x01;
const INTEGER = 0x02;
const EXTENSIONS = 0xa3;
const BASIC_CONSTRAINTS = "551d13";
const LONG_LENGTH = 0x80;

export function extensionsOf({ raw }: X509Certificate): readonly CertificateExtension[] {
  const [certificate] = itemsOf(raw);
  const [signed] = itemsOf(certificate?.contents ?? raw);
  const wrapped = itemsOf(signed?.contents ?? raw).find(({ tag }) => tag === EXTENSIONS);
  const [list] = itemsOf(wrapped?.contents ?? new Uint8Array());
  return itemsOf(list?.contents ?? new Uint8Array()).map(({ contents }) => {
    const [id, ...rest] = itemsOf(contents);
    return {
      id: Buffer.from(id?.contents ?? []).toString("hex"),
      isCritical: rest.some(({ tag, contents: [value] }) => tag === BOOLEAN && value !== 0),
      value: rest.at(-1)?.contents ?? new Uint8Array(),
    };
  });
}

/** How many certificates may stand between this issuer and the last of a chain; `Infinity` where it is not said. */
export function pathLengthOf(certificate: X509Certificate): number {
  const constraints = extensionsOf(certificate).find(({ id }) => id === BASIC_CONSTRAINTS);
  const [sequence] = itemsOf(constraints?.value ?? new Uint8Array());
  if (sequence?.tag !== SEQUENCE) return Infinity;
  const length = itemsOf(sequence.contents).find(({ tag }) => tag === INTEGER);
  return length === undefined ? Infinity : bigEndian(length.contents);
}

function itemsOf(bytes: Uint8Array): readonly Item[] {
  const items: Item[] = [];
  for (let at = 0; at + 1 < bytes.length;) {
    const { start, end } = extentOf(bytes, at + 1);
    items.push({ tag: bytes[at] ?? 0, contents: bytes.subarray(start, end) });
    at = end;
  }
  return items;
}

/** Where the contents stand whose length is written at `at`. */
function extentOf(bytes: Uint8Array, at: number): { readonly start: number; readonly end: number } {
  const first = bytes[at] ?? 0;
  const lengthBytes = first < LONG_LENGTH ? 0 : first - LONG_LENGTH;
  const start = at + 1 + lengthBytes;
  const length = lengthBytes === 0 ? first : bigEndian(bytes.subarray(at + 1, start));
  return { start, end: start + length };
}

function bigEndian(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
