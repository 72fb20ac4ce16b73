import { crc32 } from "node:zlib";
import { ColumnWriter } from "../../../src/recompress/columns.ts";
import { BlockTableWriter } from "../../../src/recompress/gzip/blocks/block-table-writer.ts";
import { NO_FRAMING } from "../../../src/recompress/gzip/framing.ts";
import type { Framing } from "../../../src/recompress/gzip/framing.ts";
import { createGzipColumns, toGzipRecipe } from "../../../src/recompress/gzip/gzip-columns.ts";
import type { GzipEngine } from "../../../src/recompress/gzip/gzip-engines.ts";
import { GzipMembersWriter } from "../../../src/recompress/gzip/gzip-members.ts";
import { GzipRestartsWriter } from "../../../src/recompress/gzip/gzip-restarts.ts";
import type { GzipRestart } from "../../../src/recompress/gzip/gzip-restarts.ts";
import { Inflater } from "../../../src/recompress/gzip/inflate/inflater.ts";
import type { TokenModel } from "../../../src/recompress/gzip/token-model.ts";
import type { Recipe } from "../../../src/recompress/recipe.ts";

/** Headers here have no optional fields. */
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const ENGINE_ID = 7;

export interface NotedStream {
  readonly recipe: Recipe;
  readonly plain: Uint8Array;
  readonly engines: readonly GzipEngine[];
}

export interface NoteOptions {
  readonly model: TokenModel;
  readonly framing?: Framing;
  /** A restart is noted before every so many blocks; none when left out. */
  readonly restartEvery?: number;
}

/** Reads a gzip stream into a recipe by a model, without any guess of who wrote it. */
export function noteStream(stream: Uint8Array, options: NoteOptions): NotedStream {
  const { model } = options;
  const columns = createGzipColumns();
  const members = new GzipMembersWriter(columns);
  const restarts = new GzipRestartsWriter(columns.restarts);
  const plain: Uint8Array[] = [];
  let plainBytes = 0;
  let at = 0;
  for (let member = 0; isMember(stream, at); member++) {
    const one = noteMember(stream.subarray(at), columns, options);
    for (const restart of one.restarts) {
      restarts.restart({
        ...restart,
        member,
        plainByte: plainBytes + restart.memberByte,
        streamByte: at + restart.streamByte,
      });
    }
    members.member(one.member);
    plain.push(...one.plain);
    plainBytes += one.member.plainBytes;
    at += one.sizeBytes;
  }
  columns.tail.raw(stream.subarray(at));
  return {
    recipe: toGzipRecipe(columns, { streamBytes: stream.length, plainBytes }),
    plain: Buffer.concat(plain),
    engines: [{ id: ENGINE_ID, family: "none", encoder: "noted", level: "0", model: () => model }],
  };
}

function isMember(stream: Uint8Array, at: number): boolean {
  return stream[at] === 0x1f && stream[at + 1] === 0x8b;
}

function noteMember(
  bytes: Uint8Array,
  columns: ReturnType<typeof createGzipColumns>,
  options: NoteOptions,
) {
  const { model, framing = NO_FRAMING, restartEvery = Infinity } = options;
  const corrections = new ColumnWriter();
  const predictor = model.predictor(corrections);
  const table = new BlockTableWriter(columns);
  table.memberStart({ sizeUnit: model.sizeUnit, treeRules: model.treeRules, framing });
  const plain: Uint8Array[] = [];
  const places: Omit<GzipRestart, "tokens" | "member" | "plainByte">[] = [];
  let block = 0;
  let crc = 0;
  let memberByte = 0;
  const inflater = new Inflater({
    blockStart(header) {
      table.blockStart(header);
      if (block > 0 && block % restartEvery === 0) {
        predictor.mark();
        const bits = inflater.blockBitPosition;
        const streamByte = HEADER_BYTES + Math.floor(bits / 8);
        places.push({ block, memberByte, streamByte, streamBit: bits % 8, crc });
      }
      block++;
    },
    stretch(part, tokens) {
      plain.push(part.slice());
      memberByte += part.length;
      crc = crc32(part, crc);
      table.stretch(part, tokens);
      predictor.take(part, tokens);
    },
    blockEnd: () => table.blockEnd(),
  });
  const deflated = inflater.write(bytes.subarray(HEADER_BYTES));
  inflater.end();
  predictor.end();
  const trailer = bytes.subarray(HEADER_BYTES + deflated, HEADER_BYTES + deflated + TRAILER_BYTES);
  const isUsual = Buffer.from(trailer).readUInt32LE(0) === crc;
  const restarts = places.map((place, index) => ({
    ...place,
    tokens: predictor.restarts[index],
  }));
  return {
    plain,
    restarts,
    sizeBytes: HEADER_BYTES + deflated + TRAILER_BYTES,
    member: {
      header: bytes.slice(0, HEADER_BYTES),
      engineId: ENGINE_ID,
      framing,
      plainBytes: memberByte,
      corrections: corrections.written(),
      trailer: isUsual ? undefined : trailer,
    },
  };
}
