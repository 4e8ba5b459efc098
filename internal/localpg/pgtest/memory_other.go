//go:build !linux

package pgtest

const memory = ""

func freeMemory() uint64 { return 0 }
