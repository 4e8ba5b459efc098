//go:build race

package main

// raced says whether the race detector is in this program: its memory and its time are then no measure.
const raced = true
