package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// checkFile returns an error of usage if the file that a flag names cannot be
// written, as far as that can be told without changing it: better now than when
// there is something to lose. The empty path is none.
func checkFile(flag, path string) error {
	if path == "" {
		return nil
	}
	if err := writableFile(path); err != nil {
		return usagef("--%s: %w", flag, err)
	}
	return nil
}

func writableFile(path string) error {
	mode, fresh := os.O_WRONLY, false
	switch info, err := os.Stat(path); {
	case err != nil:
		mode, fresh = os.O_WRONLY|os.O_CREATE|os.O_EXCL, true
	case info.Mode()&(fs.ModeNamedPipe|fs.ModeDevice|fs.ModeSocket) != 0:
		return nil // opening it may wait
	}
	file, err := os.OpenFile(path, mode, 0o666)
	if err != nil {
		return plainPath(err)
	}
	if file.Close(); fresh {
		return os.Remove(path)
	}
	return nil
}

// writableDir returns an error if no file can be written to a folder, which need
// not be there yet. It leaves nothing behind.
func writableDir(dir string) error {
	there := dir
	for {
		info, err := os.Stat(there)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s: not a directory", there)
		}
		if err == nil {
			break
		}
		if parent := filepath.Dir(there); errors.Is(err, fs.ErrNotExist) && parent != there {
			there = parent
			continue
		}
		return plainPath(err)
	}
	probe, err := os.CreateTemp(there, ".probe-")
	if err != nil {
		if p := new(fs.PathError); errors.As(err, &p) {
			return fmt.Errorf("%s: %w", dir, p.Err)
		}
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// writeFile makes or replaces the file called path. If write fails before it has
// written anything, whatever is there stays.
func writeFile(path string, write func(io.Writer) error) error {
	out := &lateFile{path: path}
	if err := write(out); err != nil {
		if out.file != nil {
			out.file.Close()
		}
		return plainPath(err)
	}
	if _, err := out.Write(nil); err != nil { // an empty file is one too
		return plainPath(err)
	}
	return plainPath(out.file.Close())
}

// lateFile is a file that is made when something is written to it.
type lateFile struct {
	path string
	file *os.File
}

func (f *lateFile) Write(p []byte) (n int, err error) {
	if f.file == nil {
		if f.file, err = os.Create(f.path); err != nil {
			f.file = nil
			return 0, err
		}
	}
	return f.file.Write(p)
}

// plainPath words an error of opening a file as file: reason.
func plainPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}
