//go:build race

package report

// raceDetector slows the browser's driver down and finds nothing in a browser.
const raceDetector = true
