package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// archive packs what was staged: as a zip file for Windows, else as a compressed tar file. All is in one folder with the
// archive's name.
func (r *release) archive(t target, stage string) (err error) {
	folder := fmt.Sprintf("enrich_%s_%s_%s", strings.TrimPrefix(r.version, "v"), t.system, t.arch)
	extension, newPacker := ".tar.gz", newTarPacker
	if t.system == "windows" {
		extension, newPacker = ".zip", newZipPacker
	}
	file, err := os.Create(filepath.Join(r.out, folder+extension))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	p := newPacker(file)
	err = filepath.WalkDir(stage, func(path string, e fs.DirEntry, err error) error { // in lexical order
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(stage, path)
		if err != nil {
			return err
		}
		return p.add(folder+"/"+filepath.ToSlash(name), modeOf(name), r, content)
	})
	return errors.Join(err, p.close())
}

// modeOf is the mode of a file in the archives, whatever it is here.
func modeOf(name string) fs.FileMode {
	if name == "enrich" || name == "enrich.exe" || filepath.Ext(name) == ".sh" {
		return 0o755
	}
	return 0o644
}

// A packer writes an archive.
type packer interface {
	add(name string, mode fs.FileMode, r *release, content []byte) error
	close() error
}

type tarPacker struct {
	tar        *tar.Writer
	compressed *gzip.Writer
}

func newTarPacker(w io.Writer) packer {
	z := gzip.NewWriter(w) // without a name and a time in its header
	return &tarPacker{tar.NewWriter(z), z}
}

func (p *tarPacker) add(name string, mode fs.FileMode, r *release, content []byte) error {
	err := p.tar.WriteHeader(&tar.Header{
		Name: name, Mode: int64(mode), Size: int64(len(content)), ModTime: r.made, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
	})
	if err == nil {
		_, err = p.tar.Write(content)
	}
	return err
}

func (p *tarPacker) close() error { return errors.Join(p.tar.Close(), p.compressed.Close()) }

type zipPacker struct{ zip *zip.Writer }

func newZipPacker(w io.Writer) packer { return &zipPacker{zip.NewWriter(w)} }

func (p *zipPacker) add(name string, mode fs.FileMode, r *release, content []byte) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: r.made}
	h.SetMode(mode)
	w, err := p.zip.CreateHeader(h)
	if err == nil {
		_, err = w.Write(content)
	}
	return err
}

func (p *zipPacker) close() error { return p.zip.Close() }
