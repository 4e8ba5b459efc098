package reader

// isWestern says whether text that is not UTF-8 can be Windows-1252, which has a character for nearly every byte: Polish,
// Greek, Russian or Japanese text in its own old encoding, or an old Macintosh's, would be read as gibberish, and a
// misread name is a credit spent on the wrong person. Western text does not have:
//
//   - bytes that Windows-1252 leaves empty, more than one in fifty;
//   - most of its accented letters in runs of three and more;
//   - signs such as ³ or ¿ or „ with a letter close on both sides, more than one in ten;
//   - accented capitals close behind a small letter, more than one in four.
//
// Encodings that differ from it in a few letters only (Czech, Turkish, Hungarian) cannot be told from it.
func isWestern(window []byte) bool {
	high, letters, empty, inRuns, signs, capitals := 0, 0, 0, 0, 0, 0
	run := 0
	endRun := func() {
		if run >= 3 {
			inRuns += run
		}
		run = 0
	}
	for i, b := range window {
		if b < 0x80 {
			endRun()
			continue
		}
		high++
		before, after := around(window, i)
		switch kindOf1252(b) {
		case emptyByte:
			empty++
			endRun()
		case signByte:
			if isSmall(before|0x20) && isSmall(after|0x20) {
				signs++
			}
			endRun()
		case capitalByte, smallByte:
			letters++
			run++
			if kindOf1252(b) == capitalByte && isSmall(before) {
				capitals++
			}
		default:
			endRun()
		}
	}
	endRun()
	return empty*50 <= high && inRuns*2 <= letters && (signs < 2 || signs*10 <= high) && (capitals < 2 || capitals*4 <= high)
}

func around(b []byte, i int) (before, after byte) {
	if i > 0 {
		before = b[i-1]
	}
	if i+1 < len(b) {
		after = b[i+1]
	}
	return before, after
}

func isSmall(b byte) bool { return b >= 'a' && b <= 'z' }

// What a byte above ASCII is in Windows-1252.
const (
	otherByte   = iota // may stand anywhere: apostrophes, dashes, blanks, ™, ®, ·
	emptyByte          // no character
	signByte           // never between two letters
	capitalByte        // an accented capital
	smallByte          // an accented small letter
)

func kindOf1252(b byte) int {
	switch b {
	case 0x81, 0x8d, 0x8f, 0x90, 0x9d:
		return emptyByte
	case 0x8a, 0x8c, 0x8e, 0x9f:
		return capitalByte
	case 0x9a, 0x9c, 0x9e, 0xaa, 0xba:
		return smallByte
	case 0x85, 0x91, 0x92, 0x96, 0x97, 0x99, 0xa0, 0xa9, 0xab, 0xac, 0xad, 0xae, 0xb0, 0xb4, 0xb7, 0xbb, 0xd7, 0xf7:
		return otherByte
	}
	switch {
	case b < 0xc0:
		return signByte
	case b < 0xdf:
		return capitalByte
	}
	return smallByte
}
