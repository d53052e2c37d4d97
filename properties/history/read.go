package history

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// Format is a file format for histories. The zero value, Auto, tells the
// format from the content.
type Format string

// The formats that ReadFile knows.
const (
	Auto Format = ""
	// EDN holds the maps of Jepsen and Knossos, one after another or in one
	// vector or list, among them those that porcupine ships for key-value stores.
	EDN Format = "edn"
	// JepsenLog holds lines like "INFO  jepsen.util - 3 :invoke :cas [1 4]".
	JepsenLog Format = "jepsen-log"
	// JSONL is this package's own: see WriteJSONL.
	JSONL Format = "jsonl"
)

// Formats returns the names of the formats, without Auto.
func Formats() []Format { return []Format{EDN, JepsenLog, JSONL} }

// ReadOptions say how to read a history. The zero value tells the format from
// the content and takes values as they are.
type ReadOptions struct {
	Format Format
	// Keyed says that values of EDN and Jepsen logs are [key value] tuples
	// unless the event has a :key. A file cannot tell: [1 2] is also what a CAS
	// from 1 to 2 looks like. Model.Keyed is what to put here.
	Keyed bool
}

// SyntaxError is a history file that cannot be read.
type SyntaxError struct {
	File string
	Line int // counted from 1
	Msg  string
}

// Error returns file:line: message.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// ReadFile reads the history in the file called path. Errors are those of ReadFrom
// and of os.ReadFile.
func ReadFile(path string, opt ReadOptions) (*History, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, data, opt)
}

// ReadFrom reads a history from r; name stands for the file in errors, which are
// r's or a *SyntaxError. Events are ordered by their position in the file.
// Processes that are keywords, such as :nemesis, become annotations. An
// operation that does not end is of unknown outcome. O(n), with the whole file
// in memory.
func ReadFrom(name string, r io.Reader, opt ReadOptions) (*History, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return parse(name, data, opt)
}

// source is a history file being read into a recorder.
type source struct {
	name  string
	keyed bool
	rec   Recorder
}

func parse(name string, data []byte, opt ReadOptions) (*History, error) {
	if opt.Format != Auto && !slices.Contains(Formats(), opt.Format) {
		return nil, fmt.Errorf("history: no format %q, expected one of %v", opt.Format, Formats())
	}
	src := &source{name: name, keyed: opt.Keyed}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // a byte order mark some editors leave
	if err := src.checkText(data); err != nil {
		return nil, err
	}
	format := opt.Format
	if format == Auto {
		var err error
		if format, err = src.detect(data); err != nil {
			return nil, err
		}
	}
	var err error
	switch format {
	case EDN:
		err = src.readEDN(data)
	case JepsenLog:
		err = src.readLog(data)
	case JSONL:
		err = src.readJSONL(data)
	}
	if err != nil {
		return nil, err
	}
	return src.rec.History(), nil
}

func (src *source) errorf(line int, format string, args ...any) error {
	return &SyntaxError{File: src.name, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// add records an event of the given line.
func (src *source) add(line int, e Event) error {
	if err := src.rec.Add(e); err != nil {
		return src.errorf(line, "%v", err)
	}
	return nil
}

// checkText refuses what is not UTF-8 text, such as a compressed file.
func (src *source) checkText(data []byte) error {
	bad := bytes.IndexByte(data, 0)
	if bad < 0 && !utf8.Valid(data) {
		bad = 0
		for bad < len(data) {
			r, n := utf8.DecodeRune(data[bad:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			bad += n
		}
	}
	if bad < 0 {
		return nil
	}
	return src.errorf(1+bytes.Count(data[:bad], []byte("\n")), "expected UTF-8 text, found byte 0x%02x", data[bad])
}

// detect tells the format of data from its first line that says something.
func (src *source) detect(data []byte) (Format, error) {
	line := 1
	for rest := data; len(rest) > 0; line++ {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		text = bytes.TrimLeft(text, " \t\r,")
		if len(text) == 0 || text[0] == ';' {
			continue
		}
		switch {
		case text[0] == '{' && bytes.HasPrefix(bytes.TrimLeft(text[1:], " \t"), []byte(`"`)):
			return JSONL, nil
		case strings.IndexByte("{[(#", text[0]) >= 0:
			return EDN, nil
		case isLogLine(text):
			return JepsenLog, nil
		}
		return Auto, src.errorf(line, "expected a history as EDN maps, Jepsen log or JSON lines, found %s", excerpt(text))
	}
	if bytes.IndexByte(data, ';') >= 0 {
		return EDN, nil // comments only: an empty history
	}
	return Auto, src.errorf(1, "expected a history, found an empty file")
}

// excerpt quotes the beginning of text.
func excerpt(text []byte) string {
	const most = 40 // bytes, about
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…", strings.ToValidUTF8(string(text[:most]), ""))
}
