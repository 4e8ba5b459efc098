package contact

import "net/netip"

// loopback says whether a host can only be this machine. A name is never looked up: only "localhost" counts.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
