//go:build ablation_nofence

package member

const fenced = false
