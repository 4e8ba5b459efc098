//go:build unix

package publish

// MayReplace is mayReplace, for tests of other users than theirs.
var MayReplace = mayReplace
