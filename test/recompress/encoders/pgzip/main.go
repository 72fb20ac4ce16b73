// Command pgzip compresses its standard input by github.com/klauspost/pgzip.
//
// Usage: pgzip LEVEL [BLOCK_BYTES], where LEVEL is -1 (default) or 0 to 9. Without BLOCK_BYTES the
// library's own default holds.
package main

import (
	"io"
	"log"
	"os"
	"strconv"

	"github.com/klauspost/pgzip"
)

// What io.Copy would hand over at a time. Whole writes, whatever pieces a pipe delivers.
const writeBytes = 32 * 1024

const blocksAtOnce = 2

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		log.Fatal("usage: pgzip LEVEL [BLOCK_BYTES]")
	}
	level, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	writer, err := pgzip.NewWriterLevel(os.Stdout, level)
	if err != nil {
		log.Fatal(err)
	}
	if len(os.Args) == 3 {
		blockBytes, err := strconv.Atoi(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		if err := writer.SetConcurrency(blockBytes, blocksAtOnce); err != nil {
			log.Fatal(err)
		}
	}
	if err := copyWhole(writer, os.Stdin); err != nil {
		log.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		log.Fatal(err)
	}
}

func copyWhole(writer io.Writer, reader io.Reader) error {
	buffer := make([]byte, writeBytes)
	for {
		size, err := io.ReadFull(reader, buffer)
		if size > 0 {
			if _, err := writer.Write(buffer[:size]); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
