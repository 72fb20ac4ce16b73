//go:build jobs

package main

import "github.com/klauspost/compress/zstd"

func jobOptions() []zstd.EOption {
	return []zstd.EOption{zstd.WithConcurrentBlocks(true), zstd.WithEncoderConcurrency(4)}
}
