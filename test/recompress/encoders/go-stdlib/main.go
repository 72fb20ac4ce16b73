// Command go-stdlib compresses its standard input by Go's own compress/gzip.
//
// Usage: go-stdlib LEVEL, where LEVEL is -2 (Huffman only), -1 (default) or 0 to 9.
package main

import (
	"compress/gzip"
	"io"
	"log"
	"os"
	"strconv"
)

// What io.Copy would hand over at a time. Whole writes, whatever pieces a pipe delivers.
const writeBytes = 32 * 1024

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go-stdlib LEVEL")
	}
	level, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	writer, err := gzip.NewWriterLevel(os.Stdout, level)
	if err != nil {
		log.Fatal(err)
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
