package history

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// Format is a file format for histories. The zero value, Auto, tells the
// format from the content.
type Format string

// The formats that ReadFile knows.
const (
	Auto Format = ""
	// EDN holds the maps of Jepsen, Knossos and Maelstrom, one after another or
	// in one vector or list, among them those that porcupine ships for key-value
	// stores, and Elle's transactions of one read or write of a register.
	EDN Format = "edn"
	// JepsenLog holds lines like "INFO  jepsen.util - 3 :invoke :cas [1 4]", with
	// tabs, or those of Jepsen's history.txt, which begin with the process.
	JepsenLog Format = "jepsen-log"
	// JSONL is this package's own: see WriteJSONL.
	JSONL Format = "jsonl"
)

// Formats returns the names of the formats, without Auto.
func Formats() []Format { return []Format{EDN, JepsenLog, JSONL, Elle, PorcupineJSON} }

// ReadOptions say how to read a history. The zero value tells what it can from
// the content and reads a file of any size.
type ReadOptions struct {
	Format Format
	Keyed  Keyed // whether values are [key value] tuples, for the formats that have them
	// Limit is how many bytes of text a file may have, counted after it has been
	// decompressed; 0 is no limit.
	Limit int64
}

// SyntaxError is a history file that cannot be read.
type SyntaxError struct {
	File string
	Line int // counted from 1, in the text
	Msg  string
}

// Error returns file:line: message.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// ReadFile reads the history in the file called path. Errors are those of ReadFrom
// and of os.Open.
func ReadFile(path string, opt ReadOptions) (*History, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadFrom(path, f, opt)
}

// ReadFrom reads a history from r, which may be compressed with gzip or zstd;
// name stands for the file in errors, which are r's or a *SyntaxError. Events
// are ordered by their position in the file. Processes that are no numbers, such
// as :nemesis, become annotations. An operation that does not end is of unknown
// outcome. Vectors, lists and sets are lists, a set in ascending order; they may
// be nested 64 deep. In JSON, as in EDN, commas are blanks: they may be missing.
//
// O(n). Beside the history there is never more of the file in memory than 256
// KiB, or four times the longest event if that is more, and 64 bytes for each
// atom of one event. An event may have 16 MiB.
func ReadFrom(name string, r io.Reader, opt ReadOptions) (*History, error) {
	src := &source{name: name, window: windowSize}
	return src.read(r, opt)
}

// source is a history file being read into a recorder.
type source struct {
	name   string
	window int   // bytes
	size   int64 // of what is stored, 0 if unknown
	stored *origin
	text   *window // on the text
	rec    Recorder
}

func (src *source) read(r io.Reader, opt ReadOptions) (*History, error) {
	if opt.Format != Auto && !slices.Contains(Formats(), opt.Format) {
		return nil, fmt.Errorf("history: no format %q, expected one of %v", opt.Format, Formats())
	}
	src.size, src.stored = sizeOf(r), &origin{in: r}
	in := expand(src.stored)
	defer in.Close()
	w := newWindow(src, in, opt.Limit)
	src.text = w
	err := src.parse(w, opt)
	switch {
	case w.err != nil: // the text ends early, which may look like another error
		return nil, w.err
	case err != nil:
		return nil, err
	}
	return src.rec.History(), nil
}

func (src *source) parse(w *window, opt ReadOptions) (err error) {
	format := opt.Format
	if format == Auto {
		if format, err = src.detect(w); err != nil {
			return err
		}
	}
	r := newEventReader(src, w, opt.Keyed)
	switch format {
	case JepsenLog:
		return src.readLog(w, opt.Keyed)
	case PorcupineJSON:
		return src.readPorcupine(w)
	case Elle:
		r.json, r.shapes = true, true
	case JSONL:
		r.json, r.tuples = true, tuples{keyed: KeyedNo}
	}
	return r.readEvents()
}

func (src *source) errorf(line int, format string, args ...any) error {
	return &SyntaxError{File: src.name, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// add records an event of the given line.
func (src *source) add(line int, e Event) error {
	src.grow()
	if err := src.rec.Add(e); err != nil {
		return src.errorf(line, "%v", err)
	}
	return nil
}

// grow makes room for an operation, and at once for as many as may follow.
func (src *source) grow() {
	if ops := src.rec.history.Operations; len(ops) == cap(ops) {
		src.rec.history.Operations = append(make([]Operation, 0, len(ops)+src.expected(len(ops))), ops...)
	}
}

// expected guesses how many operations the rest of the file has, after n, by how
// much of it they took.
func (src *source) expected(n int) int {
	const few, most = 512, 15 // most times n, lest what follows are not operations
	if n < few || src.size == 0 {
		return max(n, few)
	}
	parsed := 1 - float64(len(src.text.rest()))/float64(src.text.total) // of the text that was read
	share := float64(parsed*float64(src.stored.read)) / float64(src.size)
	return few + int(float64(n)*min(most, max(0, 1.02/share-1)))
}

// sizeOf returns how many bytes can be read from r, 0 if it does not say.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Len() int }:
		return int64(r.Len())
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return 0
}
