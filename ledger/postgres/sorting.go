//go:build !ablation_unsorted

package postgres

// sortsKeys: transactions lock contacts in the order of their keys. With the tag ablation_unsorted two of them can wait for each other.
const sortsKeys = true
