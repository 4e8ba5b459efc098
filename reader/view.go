package reader

import "unsafe"

// view is bytes as a string, without a copy: it changes when they do. Cells are views of the window, because a copy of each
// cost a tenth of reading them.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
