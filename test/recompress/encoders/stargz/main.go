// Command stargz rewrites a tar on its standard input so that its files can be fetched one by one, by
// the library of the stargz snapshotter. The tar inside is not quite the one that came in.
//
// Usage: stargz gzip LEVEL (eStargz), or: stargz zstd (zstd:chunked as this library writes it).
package main

import (
	"bytes"
	"io"
	"log"
	"os"
	"strconv"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"
	"github.com/klauspost/compress/zstd"
)

const chunkBytes = 4 << 20

type zstdCompression struct {
	*zstdchunked.Compressor
	*zstdchunked.Decompressor
}

func main() {
	plain, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	options := append(compression(os.Args[1:]), estargz.WithChunkSize(chunkBytes))
	blob, err := estargz.Build(io.NewSectionReader(bytes.NewReader(plain), 0, int64(len(plain))), options...)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(os.Stdout, blob); err != nil {
		log.Fatal(err)
	}
	if err := blob.Close(); err != nil {
		log.Fatal(err)
	}
}

func compression(arguments []string) []estargz.Option {
	if len(arguments) == 2 && arguments[0] == "gzip" {
		level, err := strconv.Atoi(arguments[1])
		if err != nil {
			log.Fatal(err)
		}
		return []estargz.Option{estargz.WithCompressionLevel(level)}
	}
	if len(arguments) == 1 && arguments[0] == "zstd" {
		writer := &zstdchunked.Compressor{CompressionLevel: zstd.SpeedDefault, Metadata: map[string]string{}}
		return []estargz.Option{estargz.WithCompression(&zstdCompression{writer, &zstdchunked.Decompressor{}})}
	}
	log.Fatal("usage: stargz gzip LEVEL | stargz zstd")
	return nil
}
