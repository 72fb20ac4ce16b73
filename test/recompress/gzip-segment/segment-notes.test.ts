import { describe, expect, it } from "vitest";
import { ColumnReader, ColumnWriter } from "../../../src/recompress/columns.ts";
import type { SegmentNote } from "../../../src/recompress/gzip/segment/segment-notes.ts";
import {
  SegmentNotesReader,
  SegmentNotesWriter,
} from "../../../src/recompress/gzip/segment/segment-notes.ts";
import { RecipeError } from "../../../src/recompress/recipe-error.ts";

const NOTHING: SegmentNote = { fixes: [], isFlipped: false };
const NOTES: readonly SegmentNote[] = [
  NOTHING,
  { fixes: [0, 0, 1, (3 << 16) | 1, 65_534, (258 << 16) | 32_768], isFlipped: false },
  { fixes: [], isFlipped: true },
  NOTHING,
  NOTHING,
  { fixes: [7, 0], isFlipped: true },
  NOTHING,
];

describe("SegmentNotesWriter", () => {
  it("writes what the reader reads, and no reader goes beyond the end", () => {
    const column = new ColumnWriter();
    column.number(99);
    const writer = new SegmentNotesWriter(column);
    for (const note of NOTES) writer.segment(note);
    writer.end();
    expect(writer.count).toBe(6);
    const columnReader = new ColumnReader(column.written(), 1);
    const reader = new SegmentNotesReader(columnReader);
    expect(NOTES.map(() => reader.segment())).toEqual(NOTES);
    expect(reader.isAtEnd).toBe(true);
    expect(columnReader.isAtEnd).toBe(true);
  });

  it("tells a place from where the rest can be read", () => {
    for (let from = 0; from <= NOTES.length; from++) {
      const column = new ColumnWriter();
      const writer = new SegmentNotesWriter(column);
      for (const note of NOTES.slice(0, from)) writer.segment(note);
      const { sizeBytes, segmentsSince } = writer;
      for (const note of NOTES.slice(from)) writer.segment(note);
      writer.end();
      const reader = new SegmentNotesReader(
        new ColumnReader(column.written(), sizeBytes),
        segmentsSince,
      );
      expect(NOTES.slice(from).map(() => reader.segment())).toEqual(NOTES.slice(from));
    }
  });

  it("writes one byte for a member that was foreseen", () => {
    const column = new ColumnWriter();
    const writer = new SegmentNotesWriter(column);
    for (let count = 0; count < 1000; count++) writer.segment(NOTHING);
    writer.end();
    expect(column.sizeBytes).toBe(1);
  });
});

describe("SegmentNotesReader", () => {
  it("throws a RecipeError for a restart behind the next note", () => {
    const column = Uint8Array.of(3, 1, 0);
    expect(() => new SegmentNotesReader(new ColumnReader(column), 3)).toThrow(RecipeError);
    expect(new SegmentNotesReader(new ColumnReader(column), 2).segment().isFlipped).toBe(true);
  });
});
