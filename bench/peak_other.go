//go:build !linux

package main

import "os"

// peakOf is not implemented: other systems use other units, or do not count it.
func peakOf(*os.ProcessState) int64 { return 0 }
