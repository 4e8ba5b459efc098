package localpg

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Superuser is the user that owns each server.
const Superuser = "postgres"

// startTimeout bounds a start. It is far beyond what a server needs on a busy machine.
const startTimeout = 90 * time.Second

// Options are those of a server. The zero value is a server that trusts every connection.
type Options struct {
	// Bin is the folder of initdb and postgres; "" for that of [Find].
	Bin string
	// Dir is the folder in which the server's folder is made; "" for that of temporary files. The server's user must be able to
	// pass through it.
	Dir string
	// Templates is a folder, made if it is missing, for what initdb makes (25 MB for each version of PostgreSQL): later servers copy it,
	// which is faster. "" if each server runs initdb.
	Templates string
	// Settings are those of postgresql.conf, without quotes. They win over the defaults, except the address and the port.
	Settings map[string]string
	// Password is the superuser's. If it is set, every user needs a password (scram-sha-256); "" if every connection is trusted.
	Password string
	// TLS makes the server accept TLS, too: see [Server.TLSURL].
	TLS bool
}

// settings are the contents of postgresql.conf.
func (o Options) settings(port int) string {
	all := map[string]string{
		"shared_buffers":              "32MB", // the defaults of initdb depend on the machine
		"dynamic_shared_memory_type":  "mmap", // as files: a killed server leaves nothing in /dev/shm
		"log_checkpoints":             "off",  // each new database makes two
		"huge_pages":                  "off",
		"timezone":                    "UTC",
		"log_timezone":                "UTC",
		"log_line_prefix":             "%m [%p] %q%u@%d %a ",
		"max_slot_wal_keep_size":      "1GB",   // for a standby that is cut off
		"wal_retrieve_retry_interval": "100ms", // of a standby that was cut off
	}
	if o.TLS {
		maps.Copy(all, tlsSettings)
	}
	maps.Copy(all, o.Settings)
	all["listen_addresses"] = "127.0.0.1"
	all["port"] = fmt.Sprint(port)
	all["unix_socket_directories"] = ""
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s = %s\n", key, quote(all[key]))
	}
	return b.String()
}

// access are the contents of pg_hba.conf.
func (o Options) access() string {
	method := "trust"
	if o.Password != "" {
		method = "scram-sha-256"
	}
	return fmt.Sprintf("host all all 127.0.0.1/32 %s\nhost replication all 127.0.0.1/32 trust\n", method)
}
