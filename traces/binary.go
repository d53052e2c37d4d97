package traces

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"phoenix/sim"
)

// binaryLog reads the events of a binary log whose magic bytes were read.
type binaryLog struct {
	in     *input
	offset int64  // in the file, of what comes after the block
	start  int64  // in the file, of the block
	packed []byte // the block, compressed
	c      cursor // in the block
	ended  bool   // the last record was read

	header   Header
	end      End
	seq      uint64
	at       sim.Time
	hosts    []string
	hostSize int // see maxHosts
	names    []string
	schema   schema
	data     []byte // of the last value: its canonical encoding
	value    Value
	memory
	check *sim.World // it has the same events, and so the same digest
}

// newBinaryLog reads up to the end of the header.
func newBinaryLog(in *input) (*binaryLog, error) {
	b := &binaryLog{in: in, offset: int64(len(magic)), check: sim.New(sim.Config{})}
	if err := b.nextBlock(); err != nil {
		return nil, err
	}
	if head := b.c.uint16("the header"); b.c.ok() && head != recHeader<<6 {
		b.c.fail("expected the header")
	}
	text := b.c.text(maxHeader, "the header")
	if b.c.ok() && !utf8.ValidString(text) {
		b.c.fail("expected a header in UTF-8")
	}
	if b.c.ok() {
		dec := json.NewDecoder(bytes.NewReader([]byte(text)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&b.header); err != nil {
			b.c.fail("expected a header in JSON: %v", err)
		}
	}
	return b, b.failure()
}

// nextBlock reads a block. It returns io.EOF where the file ends in order.
func (b *binaryLog) nextBlock() error {
	b.start = b.offset
	b.c = cursor{}
	var size [4]byte
	if _, err := io.ReadFull(b.in, size[:]); err != nil {
		if b.ended && errors.Is(err, io.EOF) {
			return io.EOF
		}
		return b.broken(err)
	}
	n := int64(binary.LittleEndian.Uint32(size[:]))
	b.offset += 4 + n
	if b.ended {
		b.c.fail("expected the end of the file, found another block")
		return b.failure()
	}
	if n > maxBlock {
		b.c.fail("expected a block of at most %d bytes, found %d", maxBlock, n)
		return b.failure()
	}
	packed := bytes.NewBuffer(b.packed[:0])
	if _, err := io.CopyN(packed, b.in, n); err != nil {
		return b.broken(err)
	}
	b.packed = packed.Bytes()
	records, err := unpacker().DecodeAll(b.packed, b.c.data)
	if err != nil {
		b.c.fail("expected a zstd frame: %v", err)
		return b.failure()
	}
	if len(records) == 0 {
		b.c.fail("expected a block with records in it")
	}
	b.c.data = records
	return b.failure()
}

// broken returns the error for a block that could not be read.
func (b *binaryLog) broken(err error) error {
	return fmt.Errorf("%s: block at byte %d, after event %d: expected a whole block: %w",
		b.in.name, b.start, b.seq, b.in.problem(err))
}

// failure returns the error for what the cursor failed at, or nil.
func (b *binaryLog) failure() error {
	if b.c.ok() {
		return nil
	}
	return fmt.Errorf("%s: block at byte %d, byte %d in it, after event %d: %s: %w",
		b.in.name, b.start, b.c.pos, b.seq, b.c.bad, ErrFormat)
}

// next returns the next event; io.EOF after the last of a complete log.
func (b *binaryLog) next() (Event, error) {
	for {
		for b.c.left() == 0 {
			if err := b.nextBlock(); err != nil {
				return Event{}, err
			}
		}
		head := b.c.uint16("a record")
		if head&maxKind != 0 {
			e := b.event(head)
			return e, b.failure()
		}
		b.record(head >> 6)
		if err := b.failure(); err != nil {
			return Event{}, err
		}
	}
}

// record reads what is no event.
func (b *binaryLog) record(number uint16) {
	c := &b.c
	switch number {
	case recHost:
		name := c.text(maxHosts, "the name of a host")
		if b.hostSize += len(name) + hostCost; b.hostSize > maxHosts {
			c.fail("expected fewer hosts, with shorter names")
		}
		b.hosts = append(b.hosts, name)
	case recType:
		b.schema.define(c)
	case recCheck, recEnd:
		var end End
		end.Events = c.uvarint("the number of events")
		copy(end.Digest[:], c.take(uint64(len(end.Digest)), "a digest"))
		if c.ok() && end.Events != b.seq {
			c.fail("expected event %d, found that there were %d events", b.seq+1, end.Events)
		}
		if c.ok() && end.Digest != b.check.Digest() {
			c.fail("expected the digest of the events, %v, found %v", b.check.Digest(), end.Digest)
		}
		if number == recEnd {
			b.end, b.ended = end, true
			if c.left() > 0 {
				c.fail("expected nothing behind the last record, found %d bytes", c.left())
			}
		}
	default:
		c.fail("expected a record, found number %d", number)
	}
}

// event reads an event, see Recorder.event.
func (b *binaryLog) event(head uint16) Event {
	c := &b.c
	if head >= hasEnd {
		c.fail("expected the head of an event, found %#x", head)
	}
	e := sim.Event{Seq: b.seq + 1, Kind: sim.Kind(head & maxKind), At: b.at, Cause: b.seq}
	if head&hasTime != 0 {
		e.At += sim.Time(c.uvarint("a time"))
		if e.At < b.at {
			c.fail("expected a time that is not before that of event %d", b.seq)
		}
	}
	if head&hasCause != 0 {
		e.Cause = b.causeOf(e.Seq)
	}
	guess := b.guess(e.Kind, e.Cause)
	e.Host, e.Peer, e.ID = guess.host, guess.peer, guess.id
	if head&hasHost != 0 {
		e.Host = b.host()
	}
	if head&hasPeer != 0 {
		e.Peer = b.host()
	}
	if head&hasID != 0 {
		e.ID = c.uvarint("an ID")
	}
	if head&hasArg != 0 {
		e.Arg, e.N = c.uvarint("a choice"), c.uvarint("a number of choices")
	}
	if head&hasName != 0 {
		e.Name = b.eventName()
	}
	if head&hasValue != 0 {
		b.readValue()
		e.Data = b.data
	}
	if head&hasArg == 0 {
		e.Arg = uint64(len(e.Data))
	}
	return b.accept(&e)
}

// accept takes e as the next event.
func (b *binaryLog) accept(e *sim.Event) Event {
	if !b.c.ok() {
		return Event{}
	}
	if e.At != b.at {
		b.check.At(e.At, func() {})
		b.check.Run(sim.Limit{})
	}
	b.seq, b.at = e.Seq, e.At
	b.keep(e, core{e.ID, e.Host, e.Peer})
	b.check.Emit(*e)
	out := Event{Seq: e.Seq, Cause: e.Cause, At: e.At, Kind: e.Kind, Host: b.hostName(e.Host), Peer: b.hostName(e.Peer),
		ID: e.ID, Arg: e.Arg, N: e.N, Name: e.Name, data: e.Data}
	if e.Data != nil {
		out.Value = b.value
	}
	return out
}

func (b *binaryLog) causeOf(seq uint64) uint64 {
	back := b.c.uvarint("a cause")
	if back > seq {
		b.c.fail("expected a cause at most %d events back, found %d", seq, back)
	}
	if back == sameCause {
		return b.cause
	}
	return seq - back
}

func (b *binaryLog) host() sim.HostID {
	n := b.c.uvarint("a host")
	if n > 1<<32-1 {
		b.c.fail("expected the number of a host, found %d", n)
	}
	return sim.HostID(uint32(n)) - 1
}

// hostName returns the name of a host as sim.World.HostName does, but "" for none.
func (b *binaryLog) hostName(id sim.HostID) string {
	switch {
	case id == sim.NoHost:
		return ""
	case id >= 0 && int(id) < len(b.hosts):
		return b.hosts[id]
	default:
		return fmt.Sprintf("host(%d)", id)
	}
}

func (b *binaryLog) eventName() string {
	how := b.c.uvarint("a name")
	switch {
	case how == nameOnce:
		return b.c.text(maxPayload, "a name")
	case how == nameNew:
		if len(b.names) == maxInterns {
			b.c.fail("expected at most %d names", maxInterns)
		}
		name := b.c.text(maxIntern, "a name")
		b.names = append(b.names, name)
		return name
	case how-firstName < uint64(len(b.names)):
		return b.names[how-firstName]
	default:
		b.c.fail("expected the number of a name, below %d, found %d", firstName+len(b.names), how)
		return ""
	}
}

// readValue reads a value into b.value and b.data.
func (b *binaryLog) readValue() {
	typ := b.c.uvarint("the type of a value")
	if typ == sameValue {
		if b.data == nil {
			b.c.fail("expected a value, found a repetition and nothing before it")
		}
		return
	}
	content := b.c.take(b.c.uvarint("the length of a value"), "a value")
	if !b.c.ok() {
		return
	}
	b.data = make([]byte, 0, 8+len(content))
	switch typ {
	case rawType:
		b.value = Value{Form: Text, Type: "opaque", Text: string(content)}
	case nilType:
		if len(content) > 0 {
			b.c.fail("expected nil, found %d bytes", len(content))
		}
		b.data = append(b.data, make([]byte, 8)...)
		b.value = Value{Form: Nil}
	default:
		var bad string
		if b.value, bad = b.schema.decode(typ-firstType, content); bad != "" {
			b.c.fail("%s", bad)
			return
		}
		b.data = binary.LittleEndian.AppendUint64(b.data, b.schema.types[typ-firstType].id)
	}
	b.data = append(b.data, content...)
}
