//go:build ablation_dbclock

package observe

const resetsAfterGap = false
