import { PlainSplitter } from "../../../src/chunks/tar-map/plain-splitter.ts";
import { SkeletonReader } from "../../../src/chunks/tar-map/skeleton-reader.ts";
import { SkeletonWriter } from "../../../src/chunks/tar-map/skeleton-writer.ts";

/** What a splitter told, with neighbouring pieces joined. */
export type Part =
  | { readonly kind: "skeleton"; readonly bytes: Buffer }
  | {
      readonly kind: "body";
      readonly told: number | undefined;
      readonly name: string;
      readonly type: string;
      readonly bytes: Buffer;
    };

export type Body = Extract<Part, { kind: "body" }>;

/** Sizes of pieces, used in turn until all is cut. */
export type Cuts = readonly number[];

/** @throws {Error} when the splitter's calls are out of order. */
export function partsOf(bytes: Uint8Array, cuts: Cuts): readonly Part[] {
  const told: { part: Part; pieces: Uint8Array[] }[] = [];
  const state = { isInBody: false };
  const add = (kind: Part["kind"], piece: Uint8Array): void => {
    if (state.isInBody !== (kind === "body")) throw new Error(`${kind} out of order`);
    if (piece.length === 0) throw new Error("an empty piece");
    const last = told.at(-1);
    const isMore = last?.part.kind === kind;
    if (isMore) last.pieces.push(new Uint8Array(piece));
    else
      told.push({
        part: { kind: "skeleton", bytes: Buffer.alloc(0) },
        pieces: [new Uint8Array(piece)],
      });
  };
  const splitter = new PlainSplitter({
    skeleton: (piece) => add("skeleton", piece),
    bodyStart: (size, name, type) => {
      if (state.isInBody) throw new Error("a body within a body");
      state.isInBody = true;
      told.push({
        part: { kind: "body", told: size, name, type, bytes: Buffer.alloc(0) },
        pieces: [],
      });
    },
    body: (piece) => add("body", piece),
    bodyEnd: () => {
      if (!state.isInBody) throw new Error("no body to end");
      state.isInBody = false;
    },
  });
  for (const piece of cutUp(bytes, cuts)) splitter.write(piece);
  splitter.end();
  if (state.isInBody) throw new Error("a body without an end");
  return told.map(({ part, pieces }) => ({ ...part, bytes: Buffer.concat(pieces) }));
}

/** Pieces are copies that are spoilt afterwards, so that who keeps a view is found out. */
function* cutUp(bytes: Uint8Array, cuts: Cuts): Generator<Uint8Array, void, undefined> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const piece = new Uint8Array(bytes.subarray(at, at + (cuts[turn % cuts.length] ?? 1)));
    at += piece.length;
    yield piece;
    piece.fill(0xee);
  }
}

export function bodiesOf(parts: readonly Part[]): readonly Body[] {
  return parts.filter((part) => part.kind === "body");
}

/** @returns the parts as texts: quick to compare. */
export function printed(parts: readonly Part[]): readonly unknown[] {
  return parts.map((part) => ({ ...part, bytes: part.bytes.toString("latin1") }));
}

export function joined(parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map(({ bytes }) => bytes));
}

/** @param cuts how the skeleton's bytes are cut */
export function columnsOf(parts: readonly Part[], cuts: Cuts): readonly Uint8Array[] {
  const writer = new SkeletonWriter();
  for (const part of parts) {
    if (part.kind === "body") writer.body(part.bytes.length);
    else for (const piece of cutUp(part.bytes, cuts)) writer.skeleton(piece);
  }
  return writer.end().map((column) => new Uint8Array(column));
}

/** @returns the plain bytes again, from columns and bodies. */
export function rebuilt(columns: readonly Uint8Array[], parts: readonly Part[]): Buffer {
  const bodies = bodiesOf(parts).values();
  const pieces: Uint8Array[] = [];
  for (const item of new SkeletonReader(columns).items()) {
    if (item.kind === "bytes") {
      pieces.push(item.bytes);
      continue;
    }
    const body = bodies.next().value;
    if (body?.bytes.length !== item.sizeBytes) throw new Error("a body of another size");
    pieces.push(body.bytes);
  }
  if (bodies.next().done !== true) throw new Error("a body is missing");
  return Buffer.concat(pieces);
}
