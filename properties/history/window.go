package history

import (
	"bytes"
	"io"
	"slices"
	"unicode/utf8"
)

const (
	windowSize = 256 << 10 // bytes of a file in memory, unless one form or line is longer
	maxForm    = 16 << 20  // bytes of one form or line
)

// window is the part of a text that is in memory. Its bytes move only between
// two forms or lines, so that what is being read may point into data.
type window struct {
	src   *source
	in    io.Reader // nil at the end of the text
	size  int       // of buf, as long as no form or line needs more
	limit int64     // on total, 0 for none
	total int64     // bytes read from in

	buf   []byte // data, and after it perhaps the beginning of a rune
	data  []byte // UTF-8 without zero bytes
	pos   int    // what is read next in data
	line  int    // of pos, counted from 1
	start int    // where the form or line begins that is being read
	err   error  // why the text ends early; it counts for more than any other error
}

// newWindow opens a window on the beginning of in.
func newWindow(src *source, in io.Reader, limit int64) *window {
	size := max(src.window, 16)
	w := &window{src: src, in: in, size: size, limit: limit, line: 1, buf: make([]byte, 0, size)}
	w.fill()
	if bom := []byte("\ufeff"); bytes.HasPrefix(w.data, bom) { // some editors leave a byte order mark
		w.pos = len(bom)
	}
	return w
}

// rest returns what is in memory from pos on.
func (w *window) rest() []byte { return w.data[w.pos:] }

// more makes data longer and reports whether it did. If free, nobody needs the
// bytes before pos.
func (w *window) more(free bool) bool {
	if w.in == nil {
		return false
	}
	if free {
		w.slide()
	}
	if len(w.data)-w.start >= maxForm {
		w.stop(w.src.errorf(w.line, "expected at most %d MiB in one form or line", maxForm>>20))
		return false
	}
	before := len(w.data)
	for w.in != nil && len(w.data) == before { // once, unless only a part of a rune came
		if len(w.buf) == cap(w.buf) {
			w.buf = slices.Grow(w.buf, cap(w.buf)) // elsewhere: what points into data stays
		}
		w.fill()
	}
	return len(w.data) > before
}

// reserve begins a form or line at pos. It sees to it that one of usual length
// is in memory, so that data need not grow.
func (w *window) reserve() {
	if len(w.data)-w.pos < w.size/16 && w.in != nil {
		w.slide()
		w.fill()
	}
	w.start = w.pos
}

// slide drops what is before pos.
func (w *window) slide() {
	known, rest := len(w.data)-w.pos, w.buf[w.pos:]
	if cap(w.buf) > w.size && len(rest) < w.size/2 {
		w.buf = make([]byte, 0, w.size)
	}
	w.buf = append(w.buf[:0], rest...)
	w.data = w.buf[:known]
	w.pos, w.start = 0, 0
}

// fill reads what has room in buf, whatever portions the reader returns.
func (w *window) fill() {
	for w.in != nil && len(w.buf) < cap(w.buf) {
		n, err := w.in.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+n]
		w.total += int64(n)
		switch {
		case w.limit > 0 && w.total > w.limit:
			w.stop(w.src.errorf(w.lastLine(), "expected at most %d bytes of text, the limit", w.limit))
		case err == io.EOF:
			w.in = nil
		case err != nil:
			w.stop(w.located(err))
		}
	}
	w.check()
}

// stop ends the text before its end.
func (w *window) stop(err error) {
	w.in, w.err = nil, err
}

// lastLine is the line in which what has been read ends.
func (w *window) lastLine() int { return w.line + bytes.Count(w.buf[w.pos:], []byte("\n")) }

// located says where the text ends of which err says that it is damaged. Other
// errors are the reader's.
func (w *window) located(err error) error {
	if damage, ok := err.(*damageError); ok {
		return w.src.errorf(w.lastLine(), "%v", damage)
	}
	return err
}

// check lets data grow by what is text, and refuses other bytes, such as those
// of an image. It keeps back a rune that has not been read to its end.
func (w *window) check() {
	known, end := len(w.data), len(w.buf)
	if w.in != nil {
		end -= unfinished(w.buf[known:])
	}
	fresh := w.buf[known:end]
	if bad := notText(fresh); bad >= 0 {
		line := w.line + bytes.Count(w.buf[w.pos:known+bad], []byte("\n"))
		if w.err == nil {
			w.stop(w.src.errorf(line, "expected UTF-8 text, found byte 0x%02x", fresh[bad]))
		}
		end = known + bad
	}
	w.data = w.buf[:end]
}

// unfinished returns how many bytes at the end of text begin a rune without
// completing it.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		tail := text[len(text)-n:]
		if utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// notText returns the index of the first byte that is zero or not UTF-8, or -1.
func notText(text []byte) int {
	zero := bytes.IndexByte(text, 0)
	if utf8.Valid(text) {
		return zero
	}
	if zero < 0 {
		zero = len(text)
	}
	for at := 0; at < zero; {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
	return zero
}

// ahead reports whether n bytes follow pos.
func (w *window) ahead(n int) bool {
	for len(w.data)-w.pos < n {
		if !w.more(false) {
			return false
		}
	}
	return true
}

// nextLine returns the next line, without its end, and its number. The text is
// good until the next call.
func (w *window) nextLine() (text []byte, line int, ok bool) {
	w.reserve()
	line = w.line
	searched := 0 // bytes after pos
	for {
		if i := bytes.IndexByte(w.data[w.pos+searched:], '\n'); i >= 0 {
			text = w.data[w.pos : w.pos+searched+i]
			w.pos += len(text) + 1
			w.line++
			return text, line, true
		}
		searched = len(w.data) - w.pos
		if !w.more(false) {
			break
		}
	}
	text = w.rest()
	w.pos = len(w.data)
	return text, line, len(text) > 0 && w.err == nil
}
