//go:build !linux

package main

import (
	"errors"
	"time"
)

// treeCPU is measured on Linux only.
func treeCPU(int) (time.Duration, error) {
	return 0, errors.New("the CPU time of the database can be measured on Linux only")
}
