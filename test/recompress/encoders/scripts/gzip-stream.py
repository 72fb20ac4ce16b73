"""Compresses standard input by Python's own gzip module, which calls zlib: gzip-stream.py LEVEL."""

import gzip
import sys

WRITE_BYTES = 32 * 1024


def main() -> None:
    level = int(sys.argv[1])
    # No name and no time, so that the same input gives the same bytes.
    with gzip.GzipFile("", "wb", level, sys.stdout.buffer, 0) as writer:
        while piece := sys.stdin.buffer.read(WRITE_BYTES):
            writer.write(piece)


main()
