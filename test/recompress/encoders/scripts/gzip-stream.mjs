// Compresses standard input by Node's own zlib: gzip-stream.mjs LEVEL.
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

await pipeline(process.stdin, createGzip({ level: Number(process.argv[2]) }), process.stdout);
