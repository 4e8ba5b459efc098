package decode

// isWindows1252 reports whether text that is not UTF-8 can be Windows-1252. That encoding has a character for nearly every
// byte, so Polish, Greek, Russian or Japanese text in its own old encoding, or an old Macintosh's, would be read as
// gibberish; and a misread name is a credit spent on the wrong person. Western text does not have:
//
//   - bytes that Windows-1252 does not use, more than one in fifty;
//   - most of its accented letters in runs of three or more;
//   - signs such as ³ or ¿ or „ between two letters, more than one in ten;
//   - accented capitals inside a word with small letters (BŠcker, MŸller), more than one in four.
//
// Encodings that differ from it in a few letters only cannot be told from it by this: see isWindows1250 for Czech and Hungarian, and
// isForeign for others.
func isWindows1252(window []byte) bool {
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
		before, after := neighbours(window, i)
		switch kindIn1252(b) {
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
			if kindIn1252(b) == capitalByte && (isSmall(before) || isSmall(before|0x20) && isSmall(after)) {
				capitals++
			}
		default:
			endRun()
		}
	}
	endRun()
	return empty*50 <= high && inRuns*2 <= letters && (signs < 2 || signs*10 <= high) && (capitals < 2 || capitals*4 <= high) && !isForeign(window)
}

// neighbours returns the bytes before and after one; 0 if there is none.
func neighbours(b []byte, i int) (before, after byte) {
	if i > 0 {
		before = b[i-1]
	}
	if i+1 < len(b) {
		after = b[i+1]
	}
	return before, after
}

func isSmall(b byte) bool { return b >= 'a' && b <= 'z' }

// The kinds of bytes above ASCII in Windows-1252.
const (
	otherByte   = iota // allowed anywhere: apostrophes, dashes, blanks, ™, ®, ·
	emptyByte          // no character
	signByte           // never between two letters
	capitalByte        // an accented capital
	smallByte          // an accented small letter
)

func kindIn1252(b byte) int {
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
