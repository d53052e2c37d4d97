package traces

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"phoenix/sim"
)

// Recorder writes the event stream of a world as a binary log. It belongs to
// the goroutine that runs the world.
//
// An event costs some tens of nanoseconds and as many bytes before compression.
// Blocks are compressed and written by another goroutine, one at a time, so what
// it writes to must be left alone until Close. The bytes depend on the events
// and the header only.
type Recorder struct {
	w      *sim.World
	out    io.Writer
	err    error
	closed bool

	records []byte     // of the block that is being filled
	filled  []byte     // the records of the block that is being written
	block   []byte     // the same, compressed
	written chan error // tells that it is written; nil if none is
	seq     uint64     // of the last event
	at      sim.Time
	hosts   int
	hostLen int // see maxHosts
	names   map[string]uint64
	types   describer
	typ     uint64 // of the last value
	content []byte // of the last value
	memory
}

// NewRecorder begins a log of w on out, and writes its header. It must be called
// before anything happens in w. Errors of out are also kept for Close; after the first,
// nothing more is written, and the world goes on.
func NewRecorder(w *sim.World, out io.Writer, h Header) (*Recorder, error) {
	if n := w.Events(); n > 0 {
		return nil, fmt.Errorf("traces: the world has had %d events, expected a new one", n)
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("traces: header: %w", err)
	}
	if len(text) > maxHeader {
		return nil, fmt.Errorf("traces: the header has %d bytes, expected at most %d", len(text), maxHeader)
	}
	r := &Recorder{w: w, out: out, names: map[string]uint64{}}
	if _, err := io.WriteString(out, magic); err != nil {
		return nil, err
	}
	r.begin(recHeader)
	r.text(string(text))
	r.flush()
	if r.wait(); r.err != nil {
		return nil, r.err
	}
	w.Observe(r.observe)
	return r, nil
}

// Close ends the log with the number of events and the digest, and returns the
// first error that there was. It does not close out. What happens in the world
// afterwards is not recorded. A second Close does nothing and returns the same.
func (r *Recorder) Close() error {
	if !r.closed {
		r.closed = true
		r.check(recEnd)
		r.flush()
		r.wait()
	}
	return r.err
}

func (r *Recorder) observe(e *sim.Event) {
	if r.closed || r.err != nil {
		return
	}
	if r.err = r.unfit(e); r.err != nil {
		return
	}
	r.seq = e.Seq
	if r.addHosts(max(e.Host, e.Peer)); r.err != nil {
		return
	}
	var content []byte
	typ := uint64(rawType)
	if e.Data != nil {
		typ, content = r.types.payload(r, e)
	}
	r.event(e, typ, content)
	if len(r.records) >= blockSize {
		r.check(recCheck)
		r.flush()
	}
}

// unfit returns an error if the log cannot hold e.
func (r *Recorder) unfit(e *sim.Event) error {
	switch {
	case e.Seq != r.seq+1:
		return fmt.Errorf("traces: event %d follows event %d: an observer has changed the world", e.Seq, r.seq)
	case e.Cause >= e.Seq:
		return fmt.Errorf("traces: event %d has the cause %d, expected one before it", e.Seq, e.Cause)
	case e.Kind == 0 || e.Kind > maxKind:
		return fmt.Errorf("traces: event %d is of kind %d, expected 1 to %d", e.Seq, e.Kind, maxKind)
	case len(e.Name)+len(e.Data) > maxPayload:
		return fmt.Errorf("traces: event %d has %d bytes, expected at most %d", e.Seq, len(e.Name)+len(e.Data), maxPayload)
	}
	return nil
}

// event writes e, whose value is of the type of that number.
func (r *Recorder) event(e *sim.Event, typ uint64, content []byte) {
	start := len(r.records)
	b := append(r.records, 0, 0)
	head := uint16(e.Kind)
	if e.At != r.at {
		head |= hasTime
		b = binary.AppendUvarint(b, uint64(e.At-r.at))
		r.at = e.At
	}
	if e.Cause != e.Seq-1 {
		head |= hasCause
		b = r.causeOf(b, e)
	}
	guess := r.guess(e.Kind, e.Cause)
	if e.Host != guess.host {
		head |= hasHost
		b = binary.AppendUvarint(b, uint64(uint32(e.Host+1)))
	}
	if e.Peer != guess.peer {
		head |= hasPeer
		b = binary.AppendUvarint(b, uint64(uint32(e.Peer+1)))
	}
	if e.ID != guess.id {
		head |= hasID
		b = binary.AppendUvarint(b, e.ID)
	}
	if e.N != 0 || e.Arg != uint64(len(e.Data)) {
		head |= hasArg
		b = binary.AppendUvarint(b, e.Arg)
		b = binary.AppendUvarint(b, e.N)
	}
	if e.Name != "" {
		head |= hasName
		b = r.name(b, e.Name)
	}
	if e.Data != nil {
		head |= hasValue
		b = r.value(b, typ, content)
	}
	binary.LittleEndian.PutUint16(b[start:], head)
	r.records = b
	r.keep(e, core{e.ID, e.Host, e.Peer})
}

// causeOf appends how far back the cause is, or 0 if it is that of the event
// before: what a step does has one cause.
func (r *Recorder) causeOf(b []byte, e *sim.Event) []byte {
	if e.Cause == r.cause {
		return append(b, sameCause)
	}
	return binary.AppendUvarint(b, e.Seq-e.Cause)
}

// value appends a value. A message to several hosts, a repeated one and a
// heartbeat are equal to the one before.
func (r *Recorder) value(b []byte, typ uint64, content []byte) []byte {
	if typ == r.typ && bytes.Equal(content, r.content) {
		return append(b, sameValue)
	}
	r.typ, r.content = typ, append(r.content[:0], content...)
	b = binary.AppendUvarint(b, typ)
	b = binary.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

// name appends the name of an event: names are few, remarks are many.
func (r *Recorder) name(b []byte, name string) []byte {
	n, known := r.names[name]
	if known {
		return binary.AppendUvarint(b, n)
	}
	how := byte(nameOnce)
	if len(name) <= maxIntern && len(r.names) < maxInterns {
		how = nameNew
		r.names[name] = firstName + uint64(len(r.names))
	}
	b = binary.AppendUvarint(append(b, how), uint64(len(name)))
	return append(b, name...)
}

// addHosts writes the names of the hosts that are not in the log yet, once an
// event concerns one of them.
func (r *Recorder) addHosts(id sim.HostID) {
	if int(id) < r.hosts {
		return
	}
	for _, h := range r.w.Hosts()[r.hosts:] {
		r.hosts++
		if r.hostLen += len(h.Name()) + hostCost; r.hostLen > maxHosts {
			r.err = fmt.Errorf("traces: the names of %d hosts are too long, expected %d bytes at most", r.hosts, maxHosts)
			return
		}
		r.begin(recHost)
		r.text(h.Name())
	}
}

// check writes how many events there were, and their digest.
func (r *Recorder) check(record byte) {
	r.begin(record)
	r.number(r.seq)
	digest := r.w.Digest()
	r.records = append(r.records, digest[:]...)
}

// flush has the records written as a block while the world goes on: at most one
// block at a time.
func (r *Recorder) flush() {
	if r.wait(); r.err != nil {
		return
	}
	r.filled, r.records = r.records, r.filled[:0]
	r.written = make(chan error, 1)
	go func() {
		r.block = packer().EncodeAll(r.filled, append(r.block[:0], 0, 0, 0, 0))
		binary.LittleEndian.PutUint32(r.block, uint32(len(r.block)-4))
		_, err := r.out.Write(r.block)
		r.written <- err
	}()
}

// wait waits until what was given to flush is written.
func (r *Recorder) wait() {
	if r.written != nil {
		err := <-r.written
		r.written = nil
		if r.err == nil {
			r.err = err
		}
	}
}

// begin begins a record that is no event.
func (r *Recorder) begin(record byte) {
	r.records = binary.LittleEndian.AppendUint16(r.records, uint16(record)<<6)
}

func (r *Recorder) number(n uint64) { r.records = binary.AppendUvarint(r.records, n) }

func (r *Recorder) text(s string) {
	r.number(uint64(len(s)))
	r.records = append(r.records, s...)
}
