/** Writes a number as one program or another does in a field of a tar header; one byte a character. */
export type NumberForm = (value: number) => string;

const BINARY_BYTES = 11;
/** Larger ones are left as they stand: steps between two of them could not be told. */
const MOST_VALUE = 2 ** 52;

/** The forms of sizes and times, twelve bytes. Their order is part of the format. */
export const NUMBER_FORMS: readonly NumberForm[] = [
  (value) => `${octal(value, 11, "0")}\0`,
  (value) => `${octal(value, 11, "0")} `,
  (value) => `${octal(value, 11, " ")} `,
  (value) => `${octal(value, 11, " ")}\0`,
  (value) => octal(value, 12, "0"),
  binary,
  (value) => (value === 0 ? "\0".repeat(12) : octal(value, 12, "0")),
];

/** The forms of the header's own sum, eight bytes. Their order is part of the format. */
export const CHECKSUM_FORMS: readonly NumberForm[] = [
  (value) => `${octal(value, 6, "0")}\0 `,
  (value) => `${octal(value, 6, " ")}\0 `,
  (value) => `${octal(value, 6, "0")} \0`,
  (value) => `${octal(value, 7, "0")}\0`,
  (value) => `${octal(value, 6, " ")} \0`,
];

/** @returns the number in a field, in whatever form; `undefined` for what is none, negative or 2^52 and more. */
export function readNumber(field: string): number | undefined {
  const value = field.startsWith("\u0080") ? fromBinary(field) : fromOctal(field);
  return value !== undefined && value < MOST_VALUE ? value : undefined;
}

function fromOctal(field: string): number | undefined {
  const digits = field.replaceAll("\0", "").trim();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function fromBinary(field: string): number {
  let value = 0;
  for (let index = 1; index < field.length; index++) value = value * 256 + field.charCodeAt(index);
  return value;
}

function octal(value: number, width: number, fill: string): string {
  return value.toString(8).padStart(width, fill);
}

/** GNU's: the first bit set, then the number, the highest byte first. */
function binary(value: number): string {
  const hex = value.toString(16).padStart(BINARY_BYTES * 2, "0");
  return `\u0080${Buffer.from(hex, "hex").toString("latin1")}`;
}
