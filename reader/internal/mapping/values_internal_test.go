package mapping

import "testing"

// TestCellsThatNeedCleaningDecideTheMapping: a column is judged by what a request would take out of its cells. Placeholders say
// nothing about it, and addresses in a wrapping or several in one cell are still addresses.
func TestCellsThatNeedCleaningDecideTheMapping(t *testing.T) {
	for name, tt := range map[string]struct {
		table, want string
		options     Options
	}{
		"display names":               {table: "Work Email|City\nAnn Lee <a@x.com>|Rome\nBo <b@x.com>|Oslo", want: "email=Work Email"},
		"mailto and brackets":         {table: "Personal Email|City\nmailto:a@x.com|Rome\n<b@x.com>|Oslo", want: "email=Personal Email"},
		"several in each cell":        {table: "E-mail 1 - Value|E-mail 2 - Value\na@x.com ::: b@x.com|\nc@x.com, d@x.com|e@x.com", want: "email=E-mail 1 - Value"},
		"first placeholders":          {table: "Work Email|City\nn/a|Rome\n-|Oslo", want: "email=Work Email"},
		"a URL, mostly placeholders":  {table: "Name|URL\nAnn|https://linkedin.com/in/ann\nBo|n/a\nCy|-\nDi|#N/A", want: "linkedin_url=URL"},
		"words are still a misfit":    {table: "Work Email|Personal Email\nyes|a@x.com\nno|b@x.com", want: "email=Personal Email"},
		"no header, display names":    {table: "Ann Lee <a@x.com>|Rome\nBo <b@x.com>|Paris", want: "email=1", options: Options{NoHeader: true}},
		"no header, a text about one": {table: "a@x.com|ask b@x.com first\nc@x.com|-", want: "email=1", options: Options{NoHeader: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := mappedInput(tt.table, tt.options); got != tt.want || err != nil {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}
