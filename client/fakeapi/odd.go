package fakeapi

import (
	"strconv"
	"strings"
)

// bigSize is the size of a big answer's description: hundreds of KiB, below the 1 MiB that a client reads.
const bigSize = 400 << 10

func bigText() string {
	const sentence = ` It was founded by \"Jürgen\" in a garage, and has grown since.`
	return strings.Repeat(sentence, bigSize/len(sentence))
}

// oddMembers is what no document tells of: unknown members, at every depth; numbers that no float64 holds; a name
// that stands twice, of which the last counts; escapes, control characters and marks that a terminal would obey.
const oddMembers = `,"id":9007199254740993,"score":1.10e-2,"account_ids":[12345678901234567890,-0.0],` +
	`"enrichment":{"deep":[[{"x":null}],{"y":{"":true}}]},"note":"\u001b[31mred\u001b[0m \u202egnp\u0000 \ud83d\ude00 \/",` +
	`"ünïcode":"é","tags":[],"title":"the second of two","error":null`

// appendOdd writes a match as no document describes it: indented, with the credits inside, and the unknown around it.
func (c *call) appendOdd(b []byte, left int64) []byte {
	b = append(b, "\r\n{\n  \"request_id\": \"0000-odd\",\n  "...)
	start := len(b)
	b = c.appendMatch(b, "", oddMembers+`,"remaining_credits": `+strconv.FormatInt(left, 10))
	b = append(b[:start], b[start+1:]...) // the brace is written already
	return append(b, ",\n  \"meta\" : { \"took_ms\" : 1.5e1, \"next\" : null }\n}\r\n\t "...)
}
