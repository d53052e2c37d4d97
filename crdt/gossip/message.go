package gossip

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"
)

// Message is what replicas send each other, in its encoding: nobody changes it after
// it was sent. It ends with a checksum, because a number that was changed on the way
// could acknowledge what never arrived.
type Message []byte

// kind is what a message is for.
type kind uint8

const (
	// kindAck says only what all messages say: what the sender holds.
	kindAck kind = 1 + iota
	// kindGap says that the sender holds no more than Held, whatever it said before,
	// and wants an answer.
	kindGap
	// kindDelta carries what brings whoever holds the versions up to After to Version,
	// kindState the whole state.
	kindDelta
	kindState
	// kindDigest is a gap with a digest of the state, to be sent instead of the state.
	kindDigest
	// kindAsk carries a context and asks for the events that it lacks.
	kindAsk
	// kindAnswer carries what brings the receiver, in its epoch to, to Version.
	kindAnswer
	// kindProbe carries the profile of a set of pieces, kindMore the number of symbols
	// that are wanted, or 0 for the direct way; kindBlock symbols; kindPage a page of a trie, after
	// its number in the walk.
	kindProbe
	kindMore
	kindBlock
	kindPage
	kinds
)

var kindNames = [kinds]string{
	"", "ack", "gap", "delta", "state", "digest", "ask", "answer", "probe", "more", "block", "page",
}

// envelope is a message taken apart.
type envelope struct {
	kind  kind
	topic uint32
	// epoch is the boot of the sender, from 1 on; to that of the receiver as the
	// sender knows it, 0 if it does not.
	epoch, to uint32
	// held is the version of the receiver, in its epoch to, whose state is part of the sender's.
	held uint64
	// version is that of the sender's state, or of the one that the message speaks of.
	version uint64
	after   uint64 // of a delta
	body    []byte // what the kind needs
	payload []byte // an encoded state
}

const sumSize = 4

var errMessage = errors.New("gossip: not a message")

// encode returns the message.
func (e *envelope) encode() Message {
	b := make([]byte, 0, 40+len(e.body)+len(e.payload))
	b = append(b, byte(e.kind))
	for _, n := range [...]uint64{uint64(e.topic), uint64(e.epoch), uint64(e.to), e.held, e.version} {
		b = binary.AppendUvarint(b, n)
	}
	switch e.kind {
	case kindDelta:
		b = binary.AppendUvarint(b, e.after)
	case kindAnswer:
		b = binary.AppendUvarint(b, uint64(len(e.body)))
	}
	b = append(append(b, e.body...), e.payload...)
	return binary.LittleEndian.AppendUint32(b, uint32(xxh3.Hash(b)))
}

// decode takes m apart. Body and payload stay part of m.
func (m Message) decode() (e envelope, err error) {
	n := len(m) - sumSize
	if n < 1 || uint32(xxh3.Hash(m[:n])) != binary.LittleEndian.Uint32(m[n:]) {
		return e, fmt.Errorf("%w: the checksum is wrong", errMessage)
	}
	r := fields{rest: m[1:n]}
	e.kind = kind(m[0])
	e.topic, e.epoch, e.to = r.number32(), r.number32(), r.number32()
	e.held, e.version = r.number(), r.number()
	switch e.kind {
	case kindDelta:
		e.after, e.payload = r.number(), r.rest
	case kindState:
		e.payload = r.rest
	case kindAnswer:
		e.body = r.bytes()
		e.payload = r.rest
	default:
		e.body = r.rest
	}
	if r.short || e.kind == 0 || e.kind >= kinds || e.epoch == 0 || e.after > e.version {
		return e, fmt.Errorf("%w: kind %d, versions %d to %d of boot %d", errMessage, m[0], e.after, e.version, e.epoch)
	}
	return e, nil
}

// fields reads numbers and bytes. Where there are none left it is short, and yields zeros.
type fields struct {
	rest  []byte
	short bool
}

func (f *fields) number() uint64 {
	n, size := binary.Uvarint(f.rest)
	if size <= 0 {
		f.short, f.rest = true, nil
		return 0
	}
	f.rest = f.rest[size:]
	return n
}

func (f *fields) number32() uint32 {
	n := f.number()
	f.short = f.short || n > 1<<32-1
	return uint32(n)
}

func (f *fields) word() uint64 {
	if len(f.rest) < 8 {
		f.short, f.rest = true, nil
		return 0
	}
	n := binary.LittleEndian.Uint64(f.rest)
	f.rest = f.rest[8:]
	return n
}

func (f *fields) bytes() []byte {
	n := f.number()
	if n > uint64(len(f.rest)) {
		f.short, f.rest = true, nil
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

// String tells what the message says, as in "delta 3..7 of boot 1, holds 2 (41 bytes)".
func (m Message) String() string {
	e, err := m.decode()
	if err != nil {
		return fmt.Sprintf("%v (%d bytes)", err, len(m))
	}
	versions := fmt.Sprint(e.version)
	if e.kind == kindDelta {
		versions = fmt.Sprintf("%d..%d", e.after, e.version)
	}
	return fmt.Sprintf("%s %s of boot %d, holds %d (%d bytes)", kindNames[e.kind], versions, e.epoch, e.held, len(m))
}

// answer is the body of a kindAnswer.
type answer struct {
	session uint64   // the salt of the session it belongs to, 0 if there is none
	partial bool     // it is no answer yet: it only tells what is wanted
	reply   bool     // the sender waits for what it lacks
	full    bool     // there is a payload
	rest    uint64   // if partial, of the digest of what is here but for what the other was found to lack
	context []byte   // of the sender, if it lacks events
	wants   []uint64 // hashes of the pieces that the sender lacks
}

func flag(b bool, bit uint64) uint64 {
	if b {
		return bit
	}
	return 0
}

func (a *answer) encode() []byte {
	b := binary.AppendUvarint(nil, a.session)
	b = binary.AppendUvarint(b, flag(a.partial, 1)|flag(a.reply, 2)|flag(a.full, 4))
	if a.partial {
		b = binary.LittleEndian.AppendUint64(b, a.rest)
	}
	b = append(binary.AppendUvarint(b, uint64(len(a.context))), a.context...)
	for _, h := range a.wants {
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	return b
}

func decodeAnswer(b []byte) (a answer, ok bool) {
	f := fields{rest: b}
	a.session = f.number()
	bits := f.number()
	a.partial, a.reply, a.full = bits&1 > 0, bits&2 > 0, bits&4 > 0
	if a.partial {
		a.rest = f.word()
	}
	a.context = f.bytes()
	for len(f.rest) >= 8 {
		a.wants = append(a.wants, f.word())
	}
	return a, !f.short && len(f.rest) == 0 && bits < 8
}
