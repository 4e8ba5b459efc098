//go:build !ablation_redo

package postgres

// readRefused reads which contacts a commit of a run did not claim. With the tag ablation_redo those are refused that the run does not
// have now: so it takes a contact for claimed by this commit that it has claimed by another.
const readRefused = "SELECT refused FROM enrich.intent WHERE run = $1 AND commit = $2"
