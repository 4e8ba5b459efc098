// Package pgproxy is a proxy between PostgreSQL's clients and a server, which breaks connections at the instants that a test
// chooses.
//
//	proxy, err := pgproxy.Start(server.Addr())
//	if err != nil {
//		return err
//	}
//	defer proxy.Close()
//	url := proxy.URL(server.URL("ledger")) // for the client
//
//	// The client does not learn that its next commit of an intent succeeded.
//	proxy.OnBatch(pgproxy.Once(func(b pgproxy.Batch) bool { return b.Commits && b.Has("insert into intent") }, pgproxy.CutAfter))
//
// The proxy reads the messages of the client. It calls the function of [Proxy.OnBatch] with each [Batch], which is what the server
// answers at once, before the server gets anything of it. The function decides what happens to the batch; while it runs, the
// connection is stalled. So a test needs no sleeping: an instant is a batch, not a time.
//
// [Proxy.Stall], [Proxy.Refuse] and [Proxy.Cut] act on all connections, whatever they are doing.
//
// Connections with TLS pass through, but the proxy cannot read their messages: OnBatch's function is not called. Statements are
// recognized well enough for the SQL of programs: it knows quotes, comments, prepared statements and portals, but not procedures
// that commit. A COPY into the server must be a simple query, as pgx makes it.
package pgproxy
