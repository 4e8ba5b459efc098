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
	stmt *sqlite3.Stmt
	n    int
	err  error
}

func (b *binder) int(v int64)   { b.n++; b.keep(b.stmt.BindInt64(b.n, v)) }
func (b *binder) text(v []byte) { b.n++; b.keep(b.stmt.BindRawText(b.n, v)) }
func (b *binder) blob(v []byte) { b.n++; b.keep(b.stmt.BindBlob(b.n, v)) }

// bytes binds a blob that is empty for nil, where blob binds null.
func (b *binder) bytes(v []byte) {
	if v == nil {
		v = []byte{}
	}
	b.blob(v)
}

func (b *binder) null() { b.n++; b.keep(b.stmt.BindNull(b.n)) }

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
