//go:build race

package source

// Poison overwrites text that is no longer valid.
func Poison(text []byte) {
	for i := range text {
		text[i] = 0xff
	}
}
