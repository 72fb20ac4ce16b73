//go:build !jobs

package main

import (
	"log"

	"github.com/klauspost/compress/zstd"
)

// Versions before 1.19 have no such option.
func jobOptions() []zstd.EOption {
	log.Fatal("built without the parallel mode")
	return nil
}
