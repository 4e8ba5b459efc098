// Package report is a run as one HTML page for people: data in, a file out.
//
// It guarantees that the page needs nothing but itself: no request, no other file. Its policy allows the scripts and the style
// by their hashes and nothing else, so that whatever a cell says, it stays text. The size of the page is bounded by the bounds
// of its parts ([MaxMoments], [MaxFailures], [MaxDays]), not by the number of rows. Numbers are shown as they are given: nothing
// is counted here. Each is in a <data> element with its name and its value, for machines.
//
// Text is expected to be fit to be shown: bounded, without control characters, without the API's key. The caller must see to it.
//
// The charts are drawn by uPlot 1.6.32 (MIT, see uplot/LICENSE), as in its release: a test compares its checksums.
// Without scripts the page has all figures still, in tables.
package report
