package decode

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"enrich/reader/internal/source"
)

// peekSize is how much of the input is looked at to recognise it, in bytes.
const peekSize = 64 << 10

// maxWindow is the largest window that a zstd archive may use, in bytes; it is the zstd program's default.
const maxWindow = 8 << 20

// unpack decompresses the input if its first bytes are those of an archive.
func unpack(raw *rawReader) (in *bufio.Reader, compression string, err error) {
	in = raw.buffered
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	var packed io.Reader
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		compression, packed = "gzip", &gzipMembers{in: in}
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, "", fmt.Errorf("open the zstd archive: %w", err)
		}
		raw.free = z.Close
		compression, packed = "zstd", z
	case bytes.HasPrefix(head, []byte("BZh")):
		compression, packed = "bzip2", bzip2.NewReader(in)
	default:
		return in, "none", nil
	}
	return bufio.NewReaderSize(archiveReader{packed, compression}, peekSize), compression, nil
}

// An archiveReader marks the errors of an archive as ErrBroken.
type archiveReader struct {
	in     io.Reader
	format string
}

// Read implements io.Reader.
func (a archiveReader) Read(p []byte) (int, error) {
	n, err := a.in.Read(p)
	switch {
	case err == nil, errors.Is(err, source.ErrBroken), errors.Is(err, source.ErrStorage):
		return n, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, fmt.Errorf("%w: the %s archive is truncated", source.ErrBroken, a.format)
	case errors.Is(err, io.EOF):
		return n, io.EOF
	}
	return n, fmt.Errorf("%w: the %s archive is damaged: %w", source.ErrBroken, a.format, err)
}

// gzipMembers reads the members of a gzip file one after another. It skips zero bytes after the last one, which tapes and some
// programs leave; anything else there is damage.
type gzipMembers struct {
	in     *bufio.Reader
	member *gzip.Reader
}

// Read implements io.Reader.
func (g *gzipMembers) Read(b []byte) (int, error) {
	for {
		if g.member == nil {
			if err := g.next(); err != nil {
				return 0, err
			}
		}
		n, err := g.member.Read(b)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := g.end(); err != nil || n > 0 {
			return n, err
		}
	}
}

// next starts the first member.
func (g *gzipMembers) next() error {
	m, err := gzip.NewReader(g.in)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	m.Multistream(false)
	g.member = m
	return nil
}

// end looks for what follows a member.
func (g *gzipMembers) end() error {
	for {
		b, err := g.in.Peek(1)
		if err != nil {
			return err
		}
		if b[0] != 0 {
			break
		}
		_, _ = g.in.Discard(1) // what was peeked at can be discarded
	}
	err := g.member.Reset(g.in)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		g.member.Multistream(false)
	}
	return err
}
