package reader

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// peekSize is how much of the raw input is looked at to tell what it is.
const peekSize = 64 << 10

// maxWindow bounds what a zstd archive may ask us to remember; it is what the zstd program takes by default.
const maxWindow = 8 << 20

// unpack puts a decompressor over in where its first bytes say so, by content and never by name.
func unpack(raw *rawInput) (in *bufio.Reader, compression string, err error) {
	in = bufio.NewReaderSize(raw, peekSize)
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
	return bufio.NewReaderSize(brokenReader{packed, compression}, peekSize), compression, nil
}

// gzipMembers reads the members of a gzip file one after another. Zero bytes behind the last one, as tapes and some
// programs leave them, are skipped; anything else there is damage.
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
		if err := g.ended(); err != nil || n > 0 {
			return n, err
		}
	}
}

// next begins a member.
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

// ended looks for what follows a member.
func (g *gzipMembers) ended() error {
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
