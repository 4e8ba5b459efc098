// Package publish replaces the output files of a run together.
//
// All files of a [Set] are written under temporary names, synced, and renamed in the order in which they were created. The
// summary is created last, so a new summary means that all other files are in place. If anything fails before the first
// rename, the old files stay as they were. The next run removes the temporary files of a killed run.
//
// It does not make the renames one transaction: a kill between two of them leaves new files beside the old summary, whose
// checksums then do not match.
//
// A Set is not safe for use by several goroutines.
package publish
