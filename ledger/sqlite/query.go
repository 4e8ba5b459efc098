package sqlite

import (
	"errors"
	"iter"

	"github.com/ncruces/go-sqlite3"
)

// rows runs a query and yields each row; an error comes last. The statement is closed at the end.
func (l *Ledger) rows(query string, args ...int64) iter.Seq2[*sqlite3.Stmt, error] {
	return func(yield func(*sqlite3.Stmt, error) bool) {
		stmt, _, err := l.conn.Prepare(query)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = stmt.Close() }() // its error was yielded
		for i, a := range args {
			if err := stmt.BindInt64(i+1, a); err != nil {
				yield(nil, err)
				return
			}
		}
		for stmt.Step() {
			if !yield(stmt, nil) {
				return
			}
		}
		if err := stmt.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// number runs a query that returns one number.
func (l *Ledger) number(query string, args ...int64) (n int64, err error) {
	for stmt, err := range l.rows(query, args...) {
		if err != nil {
			return 0, err
		}
		n = stmt.ColumnInt64(0)
	}
	return n, nil
}

// exec runs a statement with numbers as its arguments.
func (l *Ledger) exec(query string, args ...int64) error {
	stmt, _, err := l.conn.Prepare(query)
	if err != nil {
		return err
	}
	b := binder{stmt: stmt}
	for _, a := range args {
		b.int(a)
	}
	return errors.Join(b.exec(), stmt.Close())
}

// updateRow updates the row of a commit: its keys, further texts and its checksum, in this order, by its number.
func (l *Ledger) updateRow(query string, c *commitRow, texts ...[]byte) error {
	stmt, _, err := l.conn.Prepare(query)
	if err != nil {
		return err
	}
	b := binder{stmt: stmt}
	b.blob(c.keys)
	for _, t := range texts {
		b.text(t)
	}
	b.int(c.sum())
	b.int(c.id)
	return errors.Join(b.exec(), stmt.Close())
}

// A binder binds a statement's parameters in order and keeps the first error.
type binder struct {
	stmt  *sqlite3.Stmt
	n     int
	err   error
	bound *bound // of a statement that is executed for many rows; nil: every parameter is bound
}

// bound is what the parameters of a statement were bound to last. They keep it when the statement is executed again, and most of a
// row's numbers, and its empty texts, are those of the row before: they need not be bound again.
type bound [16]struct {
	known  bool
	number int64 // 0 for an empty text: no parameter is a number at one time and a text at another
}

// has notes the value that the next parameter is about to get, and reports whether it has it already. If known is false, it may be
// any value.
func (b *binder) has(known bool, number int64) bool {
	if b.bound == nil {
		return false
	}
	p := &b.bound[b.n]
	if known && p.known && p.number == number {
		return true
	}
	p.known, p.number = known, number
	return false
}

func (b *binder) int(v int64) {
	if b.n++; !b.has(true, v) {
		b.keep(b.stmt.BindInt64(b.n, v))
	}
}

func (b *binder) text(v []byte) {
	if b.n++; !b.has(v != nil && len(v) == 0, 0) { // nil is null
		b.keep(b.stmt.BindRawText(b.n, v))
	}
}

func (b *binder) blob(v []byte) {
	b.n++
	b.has(false, 0)
	b.keep(b.stmt.BindBlob(b.n, v))
}

// bytes binds a blob that is empty for nil, where blob binds null.
func (b *binder) bytes(v []byte) {
	if v == nil {
		v = []byte{}
	}
	b.blob(v)
}

func (b *binder) null() {
	b.n++
	b.has(false, 0)
	b.keep(b.stmt.BindNull(b.n))
}

// intOrNull binds null for -1.
func (b *binder) intOrNull(v int64) {
	if v < 0 {
		b.null()
		return
	}
	b.int(v)
}

func (b *binder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *binder) exec() error {
	if b.err != nil {
		return b.err
	}
	return b.stmt.Exec()
}
