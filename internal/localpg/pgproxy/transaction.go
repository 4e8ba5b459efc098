package pgproxy

// A transaction follows a client's transactions by the statements that it sends: answers come too late for a client that sends several
// batches at once.
type transaction struct {
	block    bool // after BEGIN
	failed   bool // in a block in which a statement failed: COMMIT rolls back
	implicit bool // a statement was executed without BEGIN, and its batch has not ended
	commits  bool // since the last end of a batch
}

// status sets what the server says when it has answered everything (ReadyForQuery).
func (t *transaction) status(s byte) { t.block, t.failed = s != 'I', s == 'E' }

// execute follows one statement.
func (t *transaction) execute(statement string) {
	w := append(words(statement, 3), "", "", "")
	switch w[0] {
	case "begin", "start":
		t.block, t.implicit = true, false
		return
	case "commit", "end":
		t.commits = t.commits || !t.failed
		t.leave(w)
		return
	case "rollback", "abort":
		if w[1] != "to" && w[2] != "to" {
			t.leave(w)
		}
		return
	case "prepare":
		if w[1] == "transaction" {
			t.leave(w)
			return
		}
	case "":
		return
	}
	t.implicit = t.implicit || !t.block
}

// leave ends a transaction. AND CHAIN begins the next at once; the word before AND may be WORK or TRANSACTION.
func (t *transaction) leave(w []string) {
	t.block = w[1] == "and" && w[2] == "chain" || w[2] == "and"
	t.failed, t.implicit = false, false
}

// end ends a batch, and with it an implicit transaction. It returns whether the batch commits.
func (t *transaction) end() bool {
	commits := t.commits || t.implicit
	t.commits, t.implicit = false, false
	return commits
}
