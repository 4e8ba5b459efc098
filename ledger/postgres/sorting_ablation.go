//go:build ablation_unsorted

package postgres

const sortsKeys = false
