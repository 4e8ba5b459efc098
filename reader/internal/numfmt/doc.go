// Package numfmt turns the numbers of a spreadsheet into the text that people mean by them, by the number format of their cells.
//
// A spreadsheet stores dates, percentages, telephone numbers and amounts as numbers, and shows them by a format. Neither is right
// as text: the number 45356 says nothing to people, and what is shown may be cut, as in 4.91701E+11. So:
//
//   - General, text and amounts (formats with decimals, thousands separators, currencies, exponents or fractions): the number in
//     full, in plain decimal notation, with the 15 significant digits that a spreadsheet has.
//   - Dates and times: ISO 8601, as precise as the format: 2024-03-05, 13:45:00, 2024-03-05T13:45:00. An elapsed time ([h]:mm)
//     is hours, minutes and seconds: 36:00:00.
//   - Percentages: as shown, 12.5%.
//   - Whole numbers whose digits a format arranges (00000, 000-00-0000, +0) and formats of words ("Yes";;"No"): as shown.
//
// Any number in any format gives some text; a number that its format cannot show (a negative date) is written in full. Widths,
// colors and the names of months are ignored.
package numfmt
