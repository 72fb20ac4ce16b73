/**
 * A header block of tar as a few values and a shape that many headers share, and back.
 *
 * POSIX.1-2017, pax, section "ustar Interchange Format"; GNU tar manual, section "Basic Tar Format".
 */
import { BLOCK_BYTES } from "../../tar/tar-header.ts";
import { CHECKSUM_FORMS, NUMBER_FORMS, type NumberForm, readNumber } from "./number-forms.ts";
import { SkeletonError } from "./skeleton-error.ts";

const NAME = { at: 0, size: 100 };
const SIZE = { at: 124, size: 12 };
const TIME = { at: 136, size: 12 };
const CHECKSUM = { at: 148, size: 8 };
const TYPE = { at: 156, size: 1 };
const LINK = { at: 157, size: 100 };
const PREFIX = { at: 345, size: 155 };
/** Fields that are the same in many headers: they make the shape. */
const SHAPE_FIELDS = [
  { at: 100, size: 8 }, // mode
  { at: 108, size: 8 }, // uid
  { at: 116, size: 8 }, // gid
  TYPE,
  { at: 257, size: 6 }, // magic
  { at: 263, size: 2 }, // version
  { at: 265, size: 32 }, // uname
  { at: 297, size: 32 }, // gname
  { at: 329, size: 8 }, // devmajor
  { at: 337, size: 8 }, // devminor
  { at: 500, size: 12 }, // pad
] as const;

/** Names and prefixes together are never longer. */
export const MOST_PATH_BYTES = PREFIX.size + 1 + NAME.size;
export const MOST_LINK_BYTES = LINK.size;
/** How many texts {@link shapeOf} takes. */
export const SHAPE_TEXTS = SHAPE_FIELDS.length + 1;
export const MOST_SHAPE_TEXT_BYTES = 32;

/** What many headers have in common. */
export interface HeaderShape {
  /** How it is written: the forms of the numbers, and the fields. */
  readonly texts: readonly string[];
  readonly sizeForm: NumberForm;
  readonly timeForm: NumberForm;
  readonly checksumForm: NumberForm;
  readonly hasSize: boolean;
  readonly hasLink: boolean;
  readonly hasPrefix: boolean;
  /** As in a `TarHeader`. */
  readonly type: string;
  /** The fields of the shape where they belong, zeros else. */
  readonly block: Uint8Array;
}

/** A header block as values. All texts are one byte a character. */
export interface HeaderValues {
  readonly shape: HeaderShape;
  /** Prefix and name with a slash between, or the name alone. */
  readonly path: string;
  /** How many slashes the name has; says where a prefix ends, else 0. */
  readonly nameDepth: number;
  readonly link: string;
  readonly sizeBytes: number;
  /** Seconds since 1970. */
  readonly timeSeconds: number;
}

/** @returns `undefined` for a block that the values would not give back to the bit. */
export function parseHeader(block: Uint8Array): HeaderValues | undefined {
  const sizeBytes = readNumber(bytesOf(block, SIZE));
  const timeSeconds = readNumber(bytesOf(block, TIME));
  if (sizeBytes === undefined || timeSeconds === undefined) return undefined;
  const prefix = textOf(block, PREFIX);
  const name = textOf(block, NAME);
  const link = textOf(block, LINK);
  const forms = [
    formOf(NUMBER_FORMS, sizeBytes, bytesOf(block, SIZE)),
    formOf(NUMBER_FORMS, timeSeconds, bytesOf(block, TIME)),
    formOf(CHECKSUM_FORMS, checksumOf(block), bytesOf(block, CHECKSUM)),
    `${bit(sizeBytes !== 0)}${bit(link !== "")}${bit(prefix !== "")}`,
  ].join("");
  const shape = knownShapeOf([forms, ...SHAPE_FIELDS.map((field) => textOf(block, field))]);
  if (shape === undefined) return undefined;
  const path = prefix === "" ? name : `${prefix}/${name}`;
  const nameDepth = prefix === "" ? 0 : slashesOf(name);
  const values = { shape, path, nameDepth, link, sizeBytes, timeSeconds };
  return Buffer.compare(renderHeader(values), block) === 0 ? values : undefined;
}

/**
 * @param texts {@link SHAPE_TEXTS} of them, as a shape holds them: from outside, so they are checked.
 * @throws {SkeletonError} when they are no shape
 */
export function shapeOf(texts: readonly string[]): HeaderShape {
  const shape = knownShapeOf(texts);
  if (shape === undefined) throw new SkeletonError("the shape of a header is none");
  return shape;
}

function knownShapeOf(texts: readonly string[]): HeaderShape | undefined {
  const [forms = "", ...fields] = texts;
  const sizeForm = NUMBER_FORMS[Number(forms[0])];
  const timeForm = NUMBER_FORMS[Number(forms[1])];
  const checksumForm = CHECKSUM_FORMS[Number(forms[2])];
  if (sizeForm === undefined || timeForm === undefined || checksumForm === undefined) {
    return undefined;
  }
  const flags = /^([01])([01])([01])$/.exec(forms.slice(3));
  if (flags === null) return undefined;
  const block = new Uint8Array(BLOCK_BYTES);
  for (const [index, field] of SHAPE_FIELDS.entries()) {
    const text = fields[index];
    if (text === undefined || text.length > field.size) return undefined;
    put(block, field.at, text);
  }
  return {
    texts,
    sizeForm,
    timeForm,
    checksumForm,
    hasSize: flags[1] === "1",
    hasLink: flags[2] === "1",
    hasPrefix: flags[3] === "1",
    type: typeOf(block),
    block,
  };
}

/** @returns a new block. @throws {SkeletonError} when a value does not fit into its field. */
export function renderHeader(values: HeaderValues): Uint8Array {
  const { shape, link, sizeBytes, timeSeconds } = values;
  const block = shape.block.slice();
  const { prefix, name } = splitPath(values);
  putText(block, NAME, name);
  putText(block, PREFIX, prefix);
  putText(block, LINK, link);
  putText(block, SIZE, shape.sizeForm(sizeBytes));
  putText(block, TIME, shape.timeForm(timeSeconds));
  putText(block, CHECKSUM, shape.checksumForm(checksumOf(block)));
  return block;
}

function splitPath({ shape, path, nameDepth }: HeaderValues): { prefix: string; name: string } {
  if (!shape.hasPrefix) return { prefix: "", name: path };
  let slash = path.length;
  for (let count = 0; count <= nameDepth; count++) {
    slash = slash <= 0 ? -1 : path.lastIndexOf("/", slash - 1);
    if (slash < 0) throw new SkeletonError("a path of a skeleton has fewer parts than its name");
  }
  return { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** @returns how many slashes a text has. */
export function slashesOf(text: string): number {
  let count = 0;
  for (let at = text.indexOf("/"); at >= 0; at = text.indexOf("/", at + 1)) count += 1;
  return count;
}

interface Field {
  readonly at: number;
  readonly size: number;
}

function bytesOf(block: Uint8Array, { at, size }: Field): string {
  return Buffer.from(block.buffer, block.byteOffset + at, size).toString("latin1");
}

/** Up to the first NUL. What follows one is seen when the rendered block is compared. */
function textOf(block: Uint8Array, field: Field): string {
  const bytes = bytesOf(block, field);
  const end = bytes.indexOf("\0");
  return end < 0 ? bytes : bytes.slice(0, end);
}

function typeOf(block: Uint8Array): string {
  const type = block[TYPE.at] ?? 0;
  return type === 0 ? "0" : String.fromCharCode(type);
}

/** @returns which form gives the field, as a digit; `?` when none does. */
function formOf(forms: readonly NumberForm[], value: number, field: string): string {
  const index = forms.findIndex((form) => form(value) === field);
  return index < 0 ? "?" : String(index);
}

function bit(value: boolean): string {
  return value ? "1" : "0";
}

/** The sum of all bytes, those of the sum itself taken as spaces. */
function checksumOf(block: Uint8Array): number {
  let sum = CHECKSUM.size * 0x20;
  for (const byte of block) sum += byte;
  for (const byte of block.subarray(CHECKSUM.at, CHECKSUM.at + CHECKSUM.size)) sum -= byte;
  return sum;
}

function putText(block: Uint8Array, { at, size }: Field, text: string): void {
  if (text.length > size) throw new SkeletonError("a value does not fit into a header's field");
  put(block, at, text);
}

function put(block: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) block[at + index] = text.charCodeAt(index);
}
