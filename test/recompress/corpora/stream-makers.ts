import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { settleEncoder } from "../encoders/build-program.ts";
import { encodeFile } from "../encoders/encode-file.ts";
import { type Encoder, ENCODERS } from "../encoders/encoder-table.ts";
import { canMake, makeRealStream, REAL_STREAMS, type RealStream } from "./real-streams.ts";

/** What is compressed, and where to. */
interface StreamTask {
  readonly layerFile: string;
  readonly streamFile: string;
}

/** A tool or an encoder that makes a stream of a layer. */
export interface StreamMaker {
  readonly name: string;
  readonly format: "gzip" | "zstd";
  /** As for an encoder. */
  readonly hasModel: boolean;
  /** Whether the stream holds just the layer's tar. */
  readonly keepsPlain: boolean;
  /** Whether it is one of those that every layer gets. */
  readonly isCommon: boolean;
  /** @returns whether this machine can; a Go program that is missing is built. */
  settle(): boolean;
  make(task: StreamTask): Promise<void>;
}

/** What writes much of what is pushed; the rest is tried on one layer only. */
const COMMON = new Set([
  "skopeo-gzip",
  "skopeo-zstd",
  "podman-zstd-chunked",
  "docker-gzip",
  "crane-gzip",
  "go-1.26-6",
  "go-1.27-6",
  "pgzip-256k-default",
  "zlib-6",
  "gnu-6",
  "pigz-6",
  "zstd-1.20.3-better",
]);
/** Old skopeo leaves out the zeros at the tar's end. */
const CHANGES_PLAIN = /-chunked$/;

/** @param programFolder where Go programs are built that are not installed. */
export function streamMakers(programFolder: string): readonly StreamMaker[] {
  return [
    ...REAL_STREAMS.map((stream) => fromTool(stream)),
    ...ENCODERS.map((encoder) => fromEncoder(encoder, programFolder)),
  ];
}

/** Writes what a stream holds. */
export async function decompressFile(
  format: StreamMaker["format"],
  { streamFile, plainFile }: { readonly streamFile: string; readonly plainFile: string },
): Promise<void> {
  const decompress = format === "gzip" ? createGunzip() : createZstdDecompress();
  await pipeline(createReadStream(streamFile), decompress, createWriteStream(plainFile));
}

function fromTool(stream: RealStream): StreamMaker {
  return {
    name: stream.name,
    format: stream.format,
    hasModel: true,
    keepsPlain: !CHANGES_PLAIN.test(stream.name),
    isCommon: COMMON.has(stream.name),
    settle: () => canMake(stream),
    make: (task) => makeRealStream(stream, task),
  };
}

function fromEncoder(encoder: Encoder, programFolder: string): StreamMaker {
  const { name, format, hasModel, keepsPlain } = encoder;
  return {
    name,
    format,
    hasModel,
    keepsPlain,
    isCommon: COMMON.has(name),
    settle: () => settleEncoder(encoder, programFolder),
    make: ({ layerFile, streamFile }) =>
      encodeFile({ encoder, plainFile: layerFile, streamFile, programFolder }),
  };
}
