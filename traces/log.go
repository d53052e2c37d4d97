package traces

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"phoenix/sim"
)

// Header says what a log is of. The zero value says nothing.
type Header struct {
	Scenario string            `json:"scenario,omitempty"`
	Seed     string            `json:"seed,omitempty"` // as text: "0x2a", a commit
	Meta     map[string]string `json:"meta,omitempty"` // whatever else
}

// check returns an error if h holds what JSON cannot.
func (h Header) check() error {
	bad := ""
	look := func(s string) {
		if !utf8.ValidString(s) && (bad == "" || s < bad) {
			bad = s
		}
	}
	look(h.Scenario)
	look(h.Seed)
	for k, v := range h.Meta { // order: the least text is reported
		look(k)
		look(v)
	}
	if bad != "" {
		return fmt.Errorf("traces: header text %q is not UTF-8", bad)
	}
	return nil
}

// End is what the end of a complete log says.
type End struct {
	Events uint64     `json:"events"`
	Digest sim.Digest `json:"digest"`
}

var (
	// ErrTruncated is wrapped by the error that ends a log without its last record:
	// the run did not end in order, or the file was cut.
	ErrTruncated = errors.New("the log is truncated")
	// ErrFormat is wrapped by the errors of logs that are damaged, or no logs.
	ErrFormat = errors.New("not a valid log")
)

const magic = "phxlog\x00\x01"

// Limits of the format. A reader takes memory in proportion to them at most,
// whatever a file claims.
const (
	blockSize  = 128 << 10 // a block is written when it has so many bytes
	maxPayload = 16 << 20  // of one event: its name and its value
	maxBlock   = blockSize + 2*maxPayload
	maxName    = 256 // of a Go type or a field; longer ones are cut
	maxHeader  = 1 << 20
	maxTypes   = 1 << 16
	maxFields  = 1 << 20  // of all types together
	maxHosts   = 32 << 20 // bytes of all names of hosts, plus hostCost for each
	hostCost   = 16
	maxInterns = 1 << 12 // names of events that get a number
	maxIntern  = 64      // and how long those may be
	maxKind    = 63
	maxDepth   = 200 // of a value; sim.AppendValue refuses half of that
)

// The parts of an event that its record's head announces.
const (
	hasTime = 1 << (6 + iota)
	hasCause
	hasHost
	hasPeer
	hasID
	hasArg
	hasName
	hasValue
	hasEnd
)

// The other records.
const (
	recHeader = 1 + iota
	recHost
	recType
	recCheck
	recEnd
)

// The numbers of types that are not defined in the log.
const (
	sameValue = iota // no type: the value of the last event that had one
	rawType
	nilType
	firstType
)

// sameCause stands for the cause of the event before, instead of a distance.
const sameCause = 0

// How the name of an event is written.
const (
	nameOnce = iota
	nameNew
	firstName
)

// The compressor and the decompressor of blocks serve all recorders and readers
// at once, and keep nothing between two blocks.
var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(true),
			zstd.WithWindowSize(blockSize), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)))
		if err != nil {
			panic(fmt.Sprintf("traces: options of the compressor: %v", err))
		}
		return e
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxBlock), zstd.WithDecoderConcurrency(0))
		if err != nil {
			panic(fmt.Sprintf("traces: options of the decompressor: %v", err))
		}
		return d
	})
)
