package history

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the memory that expanding zstd may take: as much as the zstd
// command grants a file unless told otherwise.
const maxWindow = 128 << 20

// expand returns the text in raw, which may be compressed with gzip or zstd: the
// first bytes tell. Close frees memory and does not close what raw reads.
func expand(raw *origin) (text io.ReadCloser) {
	in := bufio.NewReader(raw)
	magic, _ := in.Peek(4) // of a shorter text as much as there is; an error comes again
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}): // RFC 1952, section 2.3.1
		z, err := gzip.NewReader(in)
		return &expanded{raw: raw, format: "gzip", in: z, err: err, free: func() {}}
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878, section 3.1.1
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			panic("history: zstd refuses its options: " + err.Error())
		}
		return &expanded{raw: raw, format: "zstd", in: z, free: z.Close}
	}
	return io.NopCloser(in)
}

// origin is a file as it is stored. It remembers an error of the file's own
// reader, so that it is not taken for damage, and how far it was read.
type origin struct {
	in   io.Reader
	err  error
	read int64 // bytes
}

func (o *origin) Read(p []byte) (n int, err error) {
	n, err = o.in.Read(p)
	o.read += int64(n)
	if err != nil && err != io.EOF {
		o.err = err
	}
	return n, err
}

// expanded is the text of compressed data.
type expanded struct {
	raw    *origin
	format string
	in     io.Reader
	err    error // why nothing, or nothing more, can be read
	free   func()
}

func (x *expanded) Read(p []byte) (n int, err error) {
	if err = x.err; err == nil {
		n, err = x.in.Read(p)
	}
	switch x.err = err; {
	case err == nil || err == io.EOF:
		return n, err
	case x.raw.err != nil:
		return n, x.raw.err
	}
	return n, &damageError{x.format, err}
}

// Close frees what expanding took.
func (x *expanded) Close() error {
	x.free()
	return nil
}

// damageError is compressed data that cannot be expanded.
type damageError struct {
	format string
	err    error
}

func (e *damageError) Error() string {
	return fmt.Sprintf("expected whole %s data: %v", e.format, e.err)
}
