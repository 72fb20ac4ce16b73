// Command chunked compresses a tar on its standard input as zstd:chunked, by containers/storage.
//
// Usage: chunked [LEVEL]. Without LEVEL the library's own default holds.
package main

import (
	"io"
	"log"
	"os"
	"strconv"

	"github.com/containers/storage/pkg/chunked/compressor"
)

func main() {
	var level *int
	if len(os.Args) > 1 {
		value, err := strconv.Atoi(os.Args[1])
		if err != nil {
			log.Fatal(err)
		}
		level = &value
	}
	writer, err := compressor.ZstdCompressor(os.Stdout, map[string]string{}, level)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(writer, os.Stdin); err != nil {
		log.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		log.Fatal(err)
	}
}
