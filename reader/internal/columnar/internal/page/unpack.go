package page

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"enrich/reader/internal/columnar/internal/file"
)

// maxWindow is the largest window of a zstd page, in bytes: that of level 19.
const maxWindow = 8 << 20

// An unpacker has the decoders of the codecs. They are used for one page after another.
type unpacker struct {
	in     bufio.Reader
	zstd   *zstd.Decoder
	gzip   *gzip.Reader
	brotli *brotli.Reader
	blocks blockReader
}

// open returns the unpacked bytes of a page: packed bytes become unpacked ones.
func (u *unpacker) open(codec file.Codec, in io.Reader, packed, unpacked int64) (io.Reader, error) {
	u.in.Reset(in)
	var err error
	switch codec {
	case file.Snappy:
		return u.blocks.snappy(&u.in, unpacked)
	case file.LZ4Raw:
		return u.blocks.lz4(&u.in), nil
	case file.LZ4Hadoop:
		if head, _ := u.in.Peek(8); hasFrames(head, packed, unpacked) {
			return &lz4Frames{in: &u.in, blocks: &u.blocks}, nil
		}
		return u.blocks.lz4(&u.in), nil
	case file.Gzip:
		if u.gzip == nil {
			u.gzip, err = gzip.NewReader(&u.in)
		} else {
			err = u.gzip.Reset(&u.in)
		}
		return u.gzip, err
	case file.Brotli:
		if u.brotli == nil {
			u.brotli = brotli.NewReader(&u.in)
		} else {
			err = u.brotli.Reset(&u.in)
		}
		return u.brotli, err
	case file.Zstd:
		if u.zstd == nil {
			u.zstd, err = zstd.NewReader(&u.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		} else {
			err = u.zstd.Reset(&u.in)
		}
		return zstdReader{u.zstd}, err
	}
	return &u.in, nil
}

func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
		u.zstd = nil
	}
}

// A zstdReader explains why a page needs too much memory.
type zstdReader struct{ in *zstd.Decoder }

// Read implements [io.Reader].
func (z zstdReader) Read(b []byte) (int, error) {
	n, err := z.in.Read(b)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = file.Unsupported("a page needs a zstd window of more than %d MiB; compress at level 19 or lower", maxWindow>>20)
	}
	return n, err
}

// hasFrames reports whether LZ4 data begins with the sizes that Hadoop writes before each block. Other writers of the same
// codec leave them out.
func hasFrames(head []byte, packed, unpacked int64) bool {
	if len(head) < 8 {
		return false
	}
	plain, size := int64(binary.BigEndian.Uint32(head)), int64(binary.BigEndian.Uint32(head[4:]))
	return plain <= unpacked && size <= packed-8 && (plain > 0 || unpacked == 0)
}

// lz4Frames reads the blocks that Hadoop writes, one after another.
type lz4Frames struct {
	in     *bufio.Reader
	blocks *blockReader
	left   int64
}

// Read implements [io.Reader].
func (f *lz4Frames) Read(b []byte) (int, error) {
	for f.left == 0 {
		var head [8]byte
		if _, err := io.ReadFull(f.in, head[:]); err != nil {
			return 0, err
		}
		f.left = int64(binary.BigEndian.Uint32(head[:]))
		size := int64(binary.BigEndian.Uint32(head[4:]))
		f.blocks.lz4(bufio.NewReaderSize(io.LimitReader(f.in, size), 4<<10))
	}
	n, err := f.blocks.Read(b[:min(int64(len(b)), f.left)])
	f.left -= int64(n)
	return n, err
}

// maxOffset is how far back a copy may reach. LZ4 cannot reach further, and no Snappy encoder does.
const maxOffset = 64 << 10

// A blockReader unpacks a block of Snappy or LZ4, of any size, while it keeps only the last maxOffset bytes. Both formats are a
// sequence of literals and of copies of what came before.
type blockReader struct {
	in      *bufio.Reader
	element func(*blockReader) error // reads what comes next: sets literal, or offset and length
	literal int64                    // bytes that are to be copied from the input
	offset  int
	length  int64  // bytes that are to be copied from offset bytes ago
	ended   bool   // LZ4: the input ended after a literal
	out     []byte // the last bytes
	read    int    // out[:read] was read
}

func (b *blockReader) reset(in *bufio.Reader, element func(*blockReader) error) *blockReader {
	*b = blockReader{in: in, element: element, out: b.out[:0]}
	return b
}

// snappy starts to read a block of Snappy.
func (b *blockReader) snappy(in *bufio.Reader, unpacked int64) (io.Reader, error) {
	size, err := binary.ReadUvarint(in)
	if err == nil && int64(size) != unpacked {
		err = fmt.Errorf("%d bytes instead of %d", size, unpacked)
	}
	return b.reset(in, (*blockReader).snappyElement), err
}

// lz4 starts to read a block of LZ4.
func (b *blockReader) lz4(in *bufio.Reader) io.Reader {
	return b.reset(in, (*blockReader).lz4Element)
}

// Read implements [io.Reader].
func (b *blockReader) Read(into []byte) (int, error) {
	for b.read == len(b.out) {
		if err := b.more(); err != nil {
			return 0, err
		}
	}
	n := copy(into, b.out[b.read:])
	b.read += n
	return n, nil
}

// blockSize is how much is unpacked at once, in bytes.
const blockSize = 64 << 10

// more unpacks up to blockSize bytes.
func (b *blockReader) more() error {
	if cap(b.out) == 0 {
		b.out = make([]byte, 0, maxOffset+2*blockSize)
	}
	if len(b.out) > maxOffset+blockSize {
		b.out = b.out[:copy(b.out, b.out[len(b.out)-maxOffset:])]
		b.read = len(b.out)
	}
	for end := len(b.out) + blockSize; len(b.out) < end; {
		switch {
		case b.literal > 0:
			n := min(b.literal, int64(end-len(b.out)))
			at := len(b.out)
			b.out = b.out[:at+int(n)]
			if _, err := io.ReadFull(b.in, b.out[at:]); err != nil {
				return err
			}
			b.literal -= n
		case b.length > 0:
			if err := b.copy(end); err != nil {
				return err
			}
		default:
			err := b.element(b)
			if errors.Is(err, io.EOF) && b.read < len(b.out) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// copy copies bytes from before, up to an end.
func (b *blockReader) copy(end int) error {
	if b.offset <= 0 || b.offset > len(b.out) {
		return fmt.Errorf("a copy from %d bytes before the beginning", b.offset)
	}
	n := int(min(b.length, int64(end-len(b.out))))
	b.length -= int64(n)
	for n > 0 { // what is copied may be part of what was copied just now
		part := min(n, b.offset)
		b.out = append(b.out, b.out[len(b.out)-b.offset:][:part]...)
		n -= part
	}
	return nil
}

// snappyElement reads the tag of an element.
func (b *blockReader) snappyElement() error {
	tag, err := b.in.ReadByte()
	if err != nil {
		return err
	}
	var more [4]byte
	number := func(n int) int64 {
		if err == nil {
			_, err = io.ReadFull(b.in, more[:n])
		}
		return int64(binary.LittleEndian.Uint32(more[:]))
	}
	switch tag & 3 {
	case 0:
		b.literal = int64(tag >> 2)
		if b.literal >= 60 {
			b.literal = number(int(b.literal - 59))
		}
		b.literal++
	case 1:
		b.offset, b.length = int(tag>>5)<<8|int(number(1)), 4+int64(tag>>2&7)
	case 2:
		b.offset, b.length = int(number(2)), 1+int64(tag>>2)
	case 3:
		b.offset, b.length = int(number(4)), 1+int64(tag>>2)
	}
	return noEOF(err)
}

// lz4Element reads a token: the length of a literal, or after it those of a copy.
func (b *blockReader) lz4Element() error {
	if b.offset < 0 { // the literal was copied; its token said how long the copy is
		var o [2]byte
		length := int64(-b.offset - 1)
		if _, err := io.ReadFull(b.in, o[:]); err != nil {
			b.ended = true
			return err // io.EOF: the last element has only a literal
		}
		b.offset = int(binary.LittleEndian.Uint16(o[:]))
		var err error
		b.length, err = b.lz4Length(length)
		b.length += 4
		return err
	}
	if b.ended {
		return io.EOF
	}
	token, err := b.in.ReadByte()
	if err != nil {
		return err
	}
	b.literal, err = b.lz4Length(int64(token >> 4))
	b.offset = -int(token&15) - 1
	return err
}

// lz4Length reads the rest of a length.
func (b *blockReader) lz4Length(n int64) (int64, error) {
	if n < 15 {
		return n, nil
	}
	for {
		v, err := b.in.ReadByte()
		if err != nil {
			return 0, noEOF(err)
		}
		if n += int64(v); v < 255 {
			return n, nil
		}
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
