// Package localpg starts a real PostgreSQL in a temporary folder, on loopback, and breaks it: for tests, for the
// demonstration and for benchmarks.
//
//	server, err := localpg.Start(ctx, localpg.Options{})
//	if err != nil {
//		return err // with the end of the server's log
//	}
//	defer server.Close()
//	url, err := server.CreateDatabase(ctx, "ledger") // postgres://postgres@127.0.0.1:PORT/ledger?sslmode=disable
//	…
//	err = server.Kill()       // every process at once, as in a power cut
//	err = server.Restart(ctx) // the same port and data
//
// A test gets the server from package pgtest, which installs PostgreSQL if it is missing and closes the server.
//
// The server has its own folder, a free TCP port of 127.0.0.1 and no Unix socket, so any number of servers run at the same time.
// It writes to disk as in production: fsync is on unless [Options.Settings] turns it off. As root, it runs as the user
// postgres, because PostgreSQL refuses root.
//
// Nothing remains of a server that was closed: no process, file or shared memory. The same is true if this process is killed: a
// shell waits for its end and removes what is left. Every call is bounded in time. The methods of a server may be called
// concurrently.
//
// It does not install PostgreSQL, and it does not run on systems without Unix processes: there, Start returns an error.
package localpg
