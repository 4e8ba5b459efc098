package workbook

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/flate"

	"enrich/reader/internal/source"
	"enrich/reader/internal/xmlscan"
)

const (
	// maxDirectory is how many bytes the list of a ZIP archive's files may have, so that it does not fill the memory.
	maxDirectory = 4 << 20
	// maxPart is the largest part but for sheets and shared texts, unpacked, in bytes.
	maxPart = 64 << 20
	// maxSheet is the largest sheet, unpacked, in bytes: about 60 bytes for each of 17 million rows or cells.
	maxSheet = 16 << 30
)

// A container is the ZIP archive that a workbook is. Its files are called parts; their names do not distinguish cases.
type container struct{ parts map[string]*zip.File }

// openContainer reads the list of the files in an archive.
func openContainer(in io.ReaderAt, size int64) (*container, error) {
	limited := &limitedReaderAt{in: in, left: maxDirectory}
	archive, err := zip.NewReader(limited, size)
	if err != nil {
		return nil, err
	}
	limited.left = -1
	archive.RegisterDecompressor(zip.Deflate, flate.NewReader)
	c := &container{parts: make(map[string]*zip.File, len(archive.File))}
	for _, f := range archive.File {
		name := partName("", strings.ReplaceAll(f.Name, `\`, "/"))
		if _, twice := c.parts[name]; !twice {
			c.parts[name] = f
		}
	}
	return c, nil
}

// errDirectory says that the list of an archive's files is too long.
var errDirectory = fmt.Errorf("the list of its files is longer than %d bytes", maxDirectory)

// A limitedReaderAt fails when it has read left bytes; with left -1 it does not fail.
type limitedReaderAt struct {
	in   io.ReaderAt
	left int64
}

// ReadAt implements [io.ReaderAt].
func (l *limitedReaderAt) ReadAt(b []byte, at int64) (int, error) {
	if l.left >= 0 {
		if l.left -= int64(len(b)); l.left < 0 {
			l.left = 0
			return 0, errDirectory
		}
	}
	return l.in.ReadAt(b, at)
}

// partName returns the name of the part that a target names, from a part in a folder.
func partName(folder, target string) string {
	if !strings.HasPrefix(target, "/") {
		target = folder + "/" + target
	}
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+target), "/"))
}

func (c *container) has(name string) bool { return c.parts[name] != nil }

// open opens a part for reading. It ends with an error if the part is damaged or has more than limit bytes.
func (c *container) open(name string, limit int64) (*partReader, error) {
	f := c.parts[name]
	if f == nil {
		return nil, damaged(name, errors.New("it is missing"))
	}
	if f.Flags&1 != 0 {
		return nil, source.NotTable("the workbook is encrypted; open it and save it without a password")
	}
	in, err := f.Open()
	if err != nil {
		return nil, damaged(name, err)
	}
	return &partReader{in: in, name: name, left: limit, limit: limit, size: int64(f.UncompressedSize64)}, nil
}

// damaged returns an error of a part, as one that ended the input early.
func damaged(name string, err error) error {
	if errors.Is(err, source.ErrBroken) || errors.Is(err, source.ErrStorage) || errors.Is(err, source.ErrNoTable) {
		return err
	}
	return fmt.Errorf("%w: the workbook is damaged (%s: %v); open it in a spreadsheet program and save it again", source.ErrBroken, name, err) //nolint:errorlint // io.EOF in it would be taken for the end
}

// A partReader reads a part. All its errors but io.EOF say what is damaged.
type partReader struct {
	in          io.ReadCloser
	name        string
	left, limit int64
	size        int64 // as the archive says
}

// Read implements [io.Reader].
func (p *partReader) Read(b []byte) (int, error) {
	if p.left < 0 {
		return 0, damaged(p.name, fmt.Errorf("it has more than %d bytes", p.limit))
	}
	n, err := p.in.Read(b)
	p.left -= int64(n)
	if err != nil && err != io.EOF { //nolint:errorlint // an error that wraps io.EOF is not the end
		err = damaged(p.name, err)
	}
	return n, err
}

// Close implements [io.Closer].
func (p *partReader) Close() error { return p.in.Close() }

// scan reads a part as XML: start is called at each start tag.
func (c *container) scan(name string, start func(x *xmlscan.Scanner) error) error {
	in, err := c.open(name, maxPart)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	x := xmlscan.New(in)
	for {
		switch kind, err := x.Next(); {
		case err == io.EOF: //nolint:errorlint // an error that wraps io.EOF is not the end
			return nil
		case err != nil:
			return damaged(name, err)
		case kind == xmlscan.Start:
			if err := start(x); err != nil {
				return damaged(name, err)
			}
		}
	}
}

// A relation is what a part says about another one.
type relation struct{ id, kind, part string }

// maxRelations is how many relations a part may have.
const maxRelations = 1 << 16

// relations returns the relations of a part, those of the container for "". The kind is the last word of their type, which is the
// same in the transitional and the strict namespace.
func (c *container) relations(part string) (all []relation, err error) {
	folder, file := path.Split(part)
	folder = strings.TrimSuffix(folder, "/")
	name := partName(folder, "_rels/"+file+".rels")
	if !c.has(name) {
		return nil, nil
	}
	return all, c.scan(name, func(x *xmlscan.Scanner) error {
		if !x.Is("Relationship") || x.Depth() != 2 {
			return nil
		}
		var r relation
		external := false
		for name, value, ok := x.Attr(); ok; name, value, ok = x.Attr() {
			switch string(name) {
			case "Id":
				r.id = string(value)
			case "Type":
				r.kind = string(value[bytes.LastIndexByte(value, '/')+1:])
			case "Target":
				r.part = partName(folder, string(value))
			case "TargetMode":
				external = string(value) == "External"
			}
		}
		if len(all) == maxRelations {
			return fmt.Errorf("more than %d relations", maxRelations)
		}
		if !external {
			all = append(all, r)
		}
		return nil
	})
}
