// Package jsonscan reads and writes JSON text without building values from it. Every package that looks into JSON uses it.
//
// A [Scanner] steps through one text and checks it against RFC 8259. What it returns are pieces of the text as it is: numbers
// keep their digits, strings their escapes, and members keep their order and their duplicates. It allocates nothing unless
// values are nested, does not recurse, and limits the depth. If a text is not valid, the scanner says where it goes wrong and
// whether it could go on, which tells a broken row from one that has not been read completely.
//
// It does not check whether the text is UTF-8. Bytes that are not stay what they are.
//
// It replaces several scanners; jsontext of go-json-experiment could not: it took five times as long for a row of the input,
// and twice as long for an answer.
package jsonscan
