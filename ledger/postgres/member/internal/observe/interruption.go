//go:build !ablation_dbclock

package observe

// resetsAfterGap: time in which the observer could not read does not count. With the tag ablation_dbclock it does, as it would if the
// age of a beat were read from the database's clock: then the first run that comes back after an outage declares all others dead.
const resetsAfterGap = true
