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
	// kindDelta carries what brings whoever holds the versions up to After to Version.
	kindDelta
	kinds
)

var kindNames = [kinds]string{kindAck: "ack", kindGap: "gap", kindDelta: "delta"}

// envelope is a message taken apart.
type envelope struct {
	kind  kind
	topic uint32
	// epoch is the boot of the sender, from 1 on; to that of the receiver as the
	// sender knows it, 0 if it does not.
	epoch, to uint32
	// held is the version of the receiver, in its epoch to, whose state is part of the sender's.
	held uint64
	// version is that of the sender's state.
	version uint64
	after   uint64 // of a delta
	body    []byte
}

const sumSize = 4

var errMessage = errors.New("gossip: not a message")

// encode returns the message.
func (e *envelope) encode() Message {
	b := make([]byte, 0, 40+len(e.body))
	b = append(b, byte(e.kind))
	for _, n := range [...]uint64{uint64(e.topic), uint64(e.epoch), uint64(e.to), e.held, e.version} {
		b = binary.AppendUvarint(b, n)
	}
	if e.kind == kindDelta {
		b = binary.AppendUvarint(b, e.after)
	}
	b = append(b, e.body...)
	return binary.LittleEndian.AppendUint32(b, uint32(xxh3.Hash(b)))
}

// decode takes m apart. The body stays part of m.
func (m Message) decode() (e envelope, err error) {
	n := len(m) - sumSize
	if n < 1 || uint32(xxh3.Hash(m[:n])) != binary.LittleEndian.Uint32(m[n:]) {
		return e, fmt.Errorf("%w: the checksum is wrong", errMessage)
	}
	e.kind, e.body = kind(m[0]), m[1:n]
	if e.kind == 0 || e.kind >= kinds {
		return e, fmt.Errorf("%w: kind %d", errMessage, m[0])
	}
	for _, to := range [...]*uint32{&e.topic, &e.epoch, &e.to} {
		n := e.number(&err)
		if n > 1<<32-1 {
			err = fmt.Errorf("%w: %d is too large", errMessage, n)
		}
		*to = uint32(n)
	}
	e.held, e.version = e.number(&err), e.number(&err)
	if e.kind == kindDelta {
		e.after = e.number(&err)
	}
	if err == nil && (e.epoch == 0 || e.after > e.version) {
		err = fmt.Errorf("%w: versions %d to %d of boot %d", errMessage, e.after, e.version, e.epoch)
	}
	return e, err
}

// number takes a number off the front of the body.
func (e *envelope) number(err *error) uint64 {
	n, size := binary.Uvarint(e.body)
	if size <= 0 {
		if *err == nil {
			*err = fmt.Errorf("%w: it ends too early", errMessage)
		}
		return 0
	}
	e.body = e.body[size:]
	return n
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
