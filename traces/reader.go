package traces

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Reader reads a log, binary or JSONL, plain or compressed by zstd: it looks at
// the first bytes to see which. It needs memory for a block, or for a line, not
// for the log.
//
// Its errors name the file, the place (in a binary log the byte where the block
// begins, in JSONL the line) and what was expected there. They wrap
// ErrTruncated if the log ends too early, ErrFormat if it is damaged or no log.
type Reader struct {
	source source
	err    error
	close  []func() error
}

// source is a log in one of the formats.
type source interface {
	next() (Event, error) // io.EOF after the last event of a complete log
	about() (Header, End)
}

// maxWindow is the memory in bytes that decompressing a log may ask for.
const maxWindow = 32 << 20

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// Open opens the log at path and reads its header.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := NewReader(path, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.close = append(r.close, f.Close)
	return r, nil
}

// NewReader reads the header of the log in; name stands in errors for the file.
func NewReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{}
	file := &input{name: name, disk: &disk{Reader: in}}
	file.Reader = bufio.NewReaderSize(file.disk, 64<<10)
	start, err := file.peek()
	if err == nil && bytes.HasPrefix(start, zstdMagic) {
		start, err = r.unpack(file)
	}
	if err == nil {
		r.source, err = newSource(file, start)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// unpack puts the decompressor before what is left of the file.
func (r *Reader) unpack(file *input) ([]byte, error) {
	unpacked, err := zstd.NewReader(file.Reader, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.name, file.problem(err))
	}
	r.close = append(r.close, func() error { unpacked.Close(); return nil })
	file.Reader = bufio.NewReaderSize(unpacked, 64<<10)
	return file.peek()
}

func newSource(in *input, start []byte) (source, error) {
	switch {
	case string(start) == magic:
		if _, err := in.Discard(len(magic)); err != nil {
			return nil, err
		}
		return newBinaryLog(in)
	case bytes.HasPrefix([]byte(magic), start):
		return nil, fmt.Errorf("%s: byte %d: expected %q: %w", in.name, len(start), magic, ErrTruncated)
	case start[0] == '{':
		return newTextLog(in)
	default:
		return nil, fmt.Errorf("%s: byte 0: expected a log: %q, zstd or JSONL, found %q: %w", in.name, magic, start, ErrFormat)
	}
}

// input is a file that is read, decompressed where need be.
type input struct {
	*bufio.Reader
	name string
	disk *disk
}

// disk remembers the error of a reader that is not its end.
type disk struct {
	io.Reader
	err error
}

// Read reads as an io.Reader does.
func (d *disk) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil && err != io.EOF {
		d.err = err
	}
	return n, err
}

// peek returns the first bytes, as many as magic has unless there are fewer.
func (in *input) peek() ([]byte, error) {
	start, err := in.Peek(len(magic))
	if err != nil && (err != io.EOF || len(start) == 0) {
		return nil, fmt.Errorf("%s: expected a log: %w", in.name, in.problem(err))
	}
	return start, nil
}

// problem returns what an error of reading means: the disk's own error, or that
// the log ends too early or cannot be decompressed.
func (in *input) problem(err error) error {
	switch {
	case in.disk.err != nil:
		return in.disk.err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return ErrTruncated
	default:
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
}

// Header returns what the log says it is of.
func (r *Reader) Header() Header {
	h, _ := r.source.about()
	return h
}

// End returns the number of events and their digest, and whether the log is
// complete; known once Events has come to its end without error. The digest of a binary
// log is that of its events; that of JSONL is what it says.
func (r *Reader) End() (End, bool) {
	_, end := r.source.about()
	return end, r.err == io.EOF
}

// Events returns the events in order. An error is the last thing it yields. A
// loop that was left can be followed by another, which goes on after the event
// at which it was left.
func (r *Reader) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for r.err == nil {
			var e Event
			if e, r.err = r.source.next(); r.err == io.EOF {
				return
			}
			if r.err != nil {
				e = Event{}
			}
			if !yield(e, r.err) {
				return
			}
		}
	}
}

// Close gives back what Open and the decompression took.
func (r *Reader) Close() error {
	var first error
	for _, fn := range r.close {
		if err := fn(); err != nil && first == nil {
			first = err
		}
	}
	r.close = nil
	return first
}

func (b *binaryLog) about() (Header, End) { return b.header, b.end }
