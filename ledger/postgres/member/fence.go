//go:build !ablation_nofence

package member

// fenced: a run whose lease is not valid makes no call. With the tag ablation_nofence it does.
const fenced = true
