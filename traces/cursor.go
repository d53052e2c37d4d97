package traces

import (
	"encoding/binary"
	"fmt"
)

// cursor takes bytes apart. After the first failure it returns zeros, so a
// caller may look at bad once, at the end; but loops must look.
type cursor struct {
	data []byte
	pos  int
	bad  string // what was expected where there was something else; "" while all is well
}

func (c *cursor) fail(format string, args ...any) {
	if c.bad == "" {
		c.bad = fmt.Sprintf(format, args...)
	}
}

func (c *cursor) ok() bool  { return c.bad == "" }
func (c *cursor) left() int { return len(c.data) - c.pos }

// take returns the next n bytes, which stay the cursor's.
func (c *cursor) take(n uint64, what string) []byte {
	if c.ok() && n > uint64(c.left()) {
		c.fail("expected %d bytes of %s, found %d", n, what, c.left())
	}
	if !c.ok() {
		return nil
	}
	p := c.data[c.pos : c.pos+int(n) : c.pos+int(n)]
	c.pos += int(n)
	return p
}

func (c *cursor) byte(what string) byte {
	if p := c.take(1, what); p != nil {
		return p[0]
	}
	return 0
}

func (c *cursor) uint16(what string) uint16 {
	if p := c.take(2, what); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

func (c *cursor) uint64(what string) uint64 {
	if p := c.take(8, what); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

func (c *cursor) uvarint(what string) uint64 {
	if !c.ok() {
		return 0
	}
	n, size := binary.Uvarint(c.data[c.pos:])
	if size <= 0 {
		c.fail("expected a varint: %s", what)
		return 0
	}
	c.pos += size
	return n
}

func (c *cursor) varint(what string) int64 {
	n := c.uvarint(what)
	return int64(n>>1) ^ -int64(n&1)
}

// text returns a string that has its length before it, at most limit bytes.
func (c *cursor) text(limit int, what string) string {
	n := c.uvarint("the length of " + what)
	if n > uint64(limit) {
		c.fail("expected at most %d bytes of %s, found %d", limit, what, n)
	}
	return string(c.take(n, what))
}
