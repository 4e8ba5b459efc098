// Package reader turns a file into rows, in order and in constant memory: CSV of any dialect, JSON lines, JSON arrays.
package reader
