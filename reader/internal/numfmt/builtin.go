package numfmt

// Builtin returns the format with one of the numbers that need no code in a file (ECMA-376 part 1, 18.8.30); nil, General, for
// others. Those from 27 on depend on the language of the program that wrote the file: they are taken for what they are in most.
func Builtin(id int) *Format {
	switch {
	case id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return Parse("yyyy-mm-dd")
	case id == 32, id == 33:
		return Parse("hh:mm:ss")
	case id == 34, id == 35, id == 55, id == 56: // a date in Japanese and Korean, a time in Chinese
		return Parse("[<1]hh:mm:ss;yyyy-mm-dd")
	case id >= 71 && id <= 74, id == 81: // Thai, as the others up to 81
		return Parse("yyyy-mm-dd")
	case id == 75, id == 76, id == 78, id == 80:
		return Parse("hh:mm:ss")
	}
	return Parse(builtinCodes()[id])
}

// builtinCodes returns the codes of the formats that are the same in all languages but for their order of day and month.
func builtinCodes() map[int]string {
	return map[int]string{
		1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
		14: "mm-dd-yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
		22: "m/d/yy h:mm", 37: "#,##0 ;(#,##0)", 38: "#,##0 ;[Red](#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;[Red](#,##0.00)",
		45: "mm:ss", 46: "[h]:mm:ss", 47: "mmss.0", 48: "##0.0E+0", 49: "@", 67: "0%", 68: "0.00%", 77: "d/m/yyyy h:mm", 79: "[h]:mm:ss",
	}
}
