// Command klauspost compresses its standard input by github.com/klauspost/compress.
//
// Usage: klauspost gzip LEVEL, where LEVEL is -3 (stateless), -2 (Huffman only), -1 (default) or 0 to 9.
// Usage: klauspost zstd SPEED [all] [single] [jobs] [window=BYTES], where SPEED is 1 (fastest), 2 (default), 3 (better)
// or 4 (best); "all" compresses the whole input in one call (EncodeAll); "single" uses one goroutine;
// "jobs" turns on the parallel mode of newer versions, which gives other bytes: a job is four windows long.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// What io.Copy would hand over at a time. Whole writes, whatever pieces a pipe delivers.
const writeBytes = 32 * 1024

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: klauspost gzip LEVEL | zstd SPEED [all] [single] [jobs]")
	}
	level, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	switch os.Args[1] {
	case "gzip":
		err = compressGzip(level)
	case "zstd":
		err = compressZstd(level, os.Args[3:])
	default:
		err = fmt.Errorf("no such format: %s", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func compressGzip(level int) error {
	writer, err := gzip.NewWriterLevel(os.Stdout, level)
	if err != nil {
		return err
	}
	return finish(writer, copyWhole(writer, os.Stdin))
}

func compressZstd(speed int, modes []string) error {
	options := []zstd.EOption{zstd.WithEncoderLevel(zstd.EncoderLevel(speed))}
	isWhole := false
	for _, mode := range modes {
		if text, isWindow := strings.CutPrefix(mode, "window="); isWindow {
			windowBytes, err := strconv.Atoi(text)
			if err != nil {
				return err
			}
			options = append(options, zstd.WithWindowSize(windowBytes))
			continue
		}
		switch mode {
		case "all":
			isWhole = true
		case "single":
			options = append(options, zstd.WithEncoderConcurrency(1))
		case "jobs":
			options = append(options, jobOptions()...)
		default:
			return fmt.Errorf("no such mode: %s", mode)
		}
	}
	writer, err := zstd.NewWriter(os.Stdout, options...)
	if err != nil {
		return err
	}
	if isWhole {
		return encodeAll(writer)
	}
	return finish(writer, copyWhole(writer, os.Stdin))
}

func encodeAll(encoder *zstd.Encoder) error {
	plain, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(encoder.EncodeAll(plain, nil))
	return err
}

func finish(writer io.Closer, err error) error {
	if err != nil {
		return err
	}
	return writer.Close()
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
