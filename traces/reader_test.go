package traces_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/traces"
)

// isInputError reports whether err is one that a log can be to blame for.
func isInputError(err error) bool {
	return errors.Is(err, traces.ErrTruncated) || errors.Is(err, traces.ErrFormat)
}

func packed(t tb, p []byte) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return e.EncodeAll(p, nil)
}

// block returns a block of a binary log with these records.
func block(t tb, records ...byte) []byte {
	t.Helper()
	frame := packed(t, records)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(frame))), frame...)
}

func TestATornLogIsReadUpToTheTear(t *testing.T) {
	log := record(t, func(w *sim.World) {
		for i := range 30_000 {
			w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, ID: uint64(i * i * i)})
		}
	})
	whole, err := readAll("log", bytes.NewReader(log))
	require.NoError(t, err)
	require.Len(t, whole, 30_000)
	before := -1
	for _, percent := range []int{1, 20, 40, 60, 80, 99} {
		events, err := readAll("x.phxlog", bytes.NewReader(log[:len(log)*percent/100]))
		require.ErrorIs(t, err, traces.ErrTruncated)
		require.Regexp(t, `^x\.phxlog: block at byte \d+, after event \d+: expected a whole block: the log is truncated$`, err.Error())
		require.GreaterOrEqual(t, len(events), before)
		require.Equal(t, whole[:len(events)], append([]traces.Event{}, events...))
		before = len(events)
	}
	require.Greater(t, before, 10_000)
}

func TestEveryPrefixOfALogIsTruncated(t *testing.T) {
	log := record(t, story)
	text := jsonl(t, log)
	for _, whole := range [][]byte{log, text[:len(text)-1], packed(t, text)} {
		for n := range len(whole) {
			_, err := readAll("log", bytes.NewReader(whole[:n]))
			require.True(t, isInputError(err), "%d bytes: %v", n, err)
			if n < 4 && whole[0] != '{' {
				continue // it is not known yet that it is zstd
			}
			require.ErrorIs(t, err, traces.ErrTruncated, "%d bytes", n)
		}
	}
}

func TestAFlippedBitIsFoundOrHarmless(t *testing.T) {
	log := record(t, story)
	whole, err := readAll("log", bytes.NewReader(log))
	require.NoError(t, err)
	harmless := 0
	for bit := range 8 * len(log) {
		damaged := bytes.Clone(log)
		damaged[bit/8] ^= 1 << (bit % 8)
		events, err := readAll("log", bytes.NewReader(damaged))
		if err == nil {
			harmless++
			t.Log(bit/8, bit%8, log[bit/8])
			require.Equal(t, whole, events)
			continue
		}
		require.True(t, isInputError(err), "bit %d: %v", bit, err)
	}
	require.Equal(t, 16, harmless, "in each of the two frames an unused bit and seven of the window's size")
}

// Events that were changed behind the back of the checksums have another digest.
func TestAChangedEventHasAnotherDigest(t *testing.T) {
	log := record(t, func(w *sim.World) {
		w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Name: "alpha"})
	})
	first := 8 + 4 + int(binary.LittleEndian.Uint32(log[8:])) // the first block is the header
	d, err := zstd.NewReader(nil)
	require.NoError(t, err)
	defer d.Close()
	records, err := d.DecodeAll(log[first+4:], nil)
	require.NoError(t, err)
	records = bytes.Replace(records, []byte("alpha"), []byte("alphA"), 1)
	events, err := readAll("log", bytes.NewReader(append(log[:first:first], block(t, records...)...)))
	require.ErrorIs(t, err, traces.ErrFormat)
	require.ErrorContains(t, err, "after event 1: expected the digest of the events, ")
	require.Len(t, events, 1)
}

func TestWhatIsWrongWithALogIsSaid(t *testing.T) {
	start := record(t, func(*sim.World) {})
	start = start[:8+4+binary.LittleEndian.Uint32(start[8:])] // magic and header
	in := func(records ...byte) []byte { return append(bytes.Clone(start), block(t, records...)...) }
	end := append([]byte{5 << 6 & 255, 5 >> 2, 0}, make([]byte, 16)...) // of no events, with a wrong digest
	for want, log := range map[string][]byte{
		"log: expected a log: the log is truncated":                                       nil,
		`byte 0: expected a log: "phxlog\x00\x01", zstd or JSONL, found "hello"`:          []byte("hello"),
		`byte 3: expected "phxlog\x00\x01"`:                                               []byte("phx"),
		"block at byte 8, byte 0 in it, after event 0: expected a block of at most":       append([]byte("phxlog\x00\x01"), 255, 255, 255, 255),
		"expected a zstd frame: ":                                                         append([]byte("phxlog\x00\x01"), 4, 0, 0, 0, 1, 2, 3, 4),
		"expected a block with records in it":                                             append([]byte("phxlog\x00\x01"), 0, 0, 0, 0),
		"expected the header":                                                             append([]byte("phxlog\x00\x01"), block(t, 1, 0)...),
		"expected a header in JSON: ":                                                     append([]byte("phxlog\x00\x01"), block(t, 64, 0, 1, '[')...),
		"expected a header in UTF-8":                                                      append([]byte("phxlog\x00\x01"), block(t, 64, 0, 1, 255)...),
		"expected at most 1048576 bytes of the header, found 16777215":                    append([]byte("phxlog\x00\x01"), block(t, 64, 0, 255, 255, 255, 7)...),
		"expected a record, found number 9":                                               in(9<<6&255, 9>>2),
		"expected the digest of the events, e5189a9599e3f86205ea23ef06e28b2d, found 0000": in(end...),
		"expected event 1, found that there were 3 events":                                in(append([]byte{4 << 6 & 255, 4 >> 2, 3}, make([]byte, 16)...)...),
		"expected 2 bytes of a record, found 1":                                           in(7),
		"expected the head of an event, found 0x4001":                                     in(1, 64),
		"expected a varint: a time":                                                       in(65, 0),
		"expected a time that is not before":                                              in(65, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
		"expected a cause at most 1 events back, found 2":                                 in(129, 0, 2),
		"expected the number of a host, found 4294967296":                                 in(1, 1, 128, 128, 128, 128, 16),
		"expected the number of a name, below 2, found 7":                                 in(1, 16, 7),
		"expected a value, found a repetition":                                            in(1, 32, 0),
		"expected nil, found 1 bytes":                                                     in(1, 32, 2, 1, 0),
		"expected the number of a type that is defined":                                   in(1, 32, 3, 1, 0),
		"expected the kind of a type, 1 to 26, found 27":                                  in(3<<6&255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 27, 0),
		"expected fewer hosts, with shorter names":                                        in(append([]byte{2 << 6 & 255, 0, 0xf1, 0xff, 0xff, 0x0f}, make([]byte, 32<<20-15)...)...),
		"expected at most 1048576 fields":                                                 in(append([]byte{3 << 6 & 255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 25, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}, make([]byte, 3<<20)...)...),
	} {
		_, err := readAll("log", bytes.NewReader(log))
		require.ErrorContains(t, err, want)
		require.True(t, isInputError(err), "%v", err)
	}
}

// A log whose values do not fit their types; each is the definition of type 3
// (4 where more are needed) and the content of a value of it.
func TestWhatIsWrongWithAValueIsSaid(t *testing.T) {
	start := record(t, func(*sim.World) {})
	start = start[:8+4+binary.LittleEndian.Uint32(start[8:])]
	define := func(kind byte, parts ...byte) []byte {
		return append([]byte{3 << 6 & 255, 0, 1, 2, 3, 4, 5, 6, 7, 8, kind, 1, 'T'}, parts...)
	}
	for _, c := range []struct {
		want    string
		types   []byte
		content []byte
	}{
		{"expected 0 or 1: a bool; found 2", define(1), []byte{2}},
		{"expected the end of a value of type T, found 1 bytes more", define(1), []byte{1, 2}},
		{"expected 5 bytes of a string, found 1", define(24), []byte{5, 'x'}},
		{"expected 1 bytes of a uint8, found 0", define(8), nil},
		{"expected 8 bytes of a float, found 1", define(14), []byte{0}},
		{"expected 0 or 1: whether a pointer is nil; found 9", define(22, 3), []byte{9}},
		{"expected a value of a type that is defined", define(22, 9), []byte{1}},
		{"expected a value of a type that is defined", define(22, 0), []byte{1}},
		{"expected a value that is nested at most 200 deep", define(22, 3), bytes.Repeat([]byte{1}, 300)},
		{"expected a value, but a chan (T) has none", define(18), []byte{1}},
		{"expected the number of a type that is defined, found 0x2", define(20), []byte{2, 0, 0, 0, 0, 0, 0, 0}},
		{"expected 1000 bytes of an array, found 1", append(define(17, 4, 232, 7), define(8)...), []byte{1}},
		{"expected a varint: an integer", append(define(23, 4), define(2)...), []byte{9}},
		{"expected a varint: the number of entries of a map", define(21, 3, 3), nil},
	} {
		records := append(bytes.Clone(c.types), 1, 32, 3, byte(len(c.content)), byte(len(c.content)>>7))
		if len(c.content) > 127 {
			records[len(records)-2] |= 128
		} else {
			records = records[:len(records)-1]
		}
		records = append(records, c.content...)
		_, err := readAll("log", bytes.NewReader(append(bytes.Clone(start), block(t, records...)...)))
		require.ErrorContains(t, err, c.want)
		require.ErrorIs(t, err, traces.ErrFormat)
	}
}

func TestNothingMayFollowTheEnd(t *testing.T) {
	log := record(t, story)
	_, err := readAll("log", bytes.NewReader(append(bytes.Clone(log), 0)))
	require.ErrorContains(t, err, "after event 19: ")
	_, err = readAll("log", bytes.NewReader(append(bytes.Clone(log), block(t, 1, 0)...)))
	require.ErrorContains(t, err, "expected the end of the file, found another block")
}

func TestALoopOverEventsCanBeTakenUpAgain(t *testing.T) {
	r := open(t, record(t, story))
	for e, err := range r.Events() {
		require.NoError(t, err)
		if e.Seq == 7 {
			break
		}
	}
	_, complete := r.End()
	require.False(t, complete)
	seq := uint64(7)
	for e, err := range r.Events() {
		require.NoError(t, err)
		seq++
		require.Equal(t, seq, e.Seq)
	}
	require.Equal(t, uint64(19), seq)
	for range r.Events() {
		t.Fatal("there is nothing left")
	}
}

func TestAnErrorIsTheLastThingYielded(t *testing.T) {
	log := record(t, story)
	r := open(t, log[:len(log)-1])
	errs := 0
	for range 2 {
		for _, err := range r.Events() {
			require.ErrorIs(t, err, traces.ErrTruncated)
			errs++
		}
	}
	require.Equal(t, 1, errs)
	_, complete := r.End()
	require.False(t, complete)
}

func TestAFailingDiskIsNoFaultOfTheLog(t *testing.T) {
	broken := errors.New("disk gone")
	log := record(t, story)
	for _, n := range []int{0, 4, 20, len(log) - 5} {
		_, err := readAll("log", io.MultiReader(bytes.NewReader(log[:n]), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken, "after %d bytes", n)
		require.False(t, isInputError(err))
	}
}

func TestOpenSaysWhichFile(t *testing.T) {
	dir := t.TempDir()
	_, err := traces.Open(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(dir, "junk.phxlog")
	require.NoError(t, os.WriteFile(path, []byte("junk"), 0o600))
	_, err = traces.Open(path)
	require.ErrorContains(t, err, path+": byte 0: expected a log")
}

func FuzzReader(f *testing.F) {
	log := record(f, story)
	f.Add(log)
	f.Add(log[:len(log)/2])
	f.Add(jsonl(f, log))
	f.Add(packed(f, jsonl(f, log)))
	f.Add(logOf(f, all{}, map[string]int{"a": 1}, tree{Left: &tree{}}, opaque{}, make(chan int), nil))
	f.Add([]byte("phxlog\x00\x01"))
	f.Fuzz(func(t *testing.T, log []byte) {
		events, err := readAll("log", bytes.NewReader(log))
		if err != nil && !isInputError(err) {
			t.Fatalf("%d events, then %v", len(events), err)
		}
		for _, e := range events {
			_, _ = e.String(), e.AppendJSON(nil)
		}
	})
}

// FuzzRecords feeds records to the reader behind the compression, which hardly
// any other input gets through.
func FuzzRecords(f *testing.F) {
	log := record(f, story)
	d, err := zstd.NewReader(nil)
	require.NoError(f, err)
	head := log[:8+4+binary.LittleEndian.Uint32(log[8:])]
	records, err := d.DecodeAll(log[len(head)+4:], nil)
	require.NoError(f, err)
	f.Add(records)
	values := logOf(f, all{}, map[string]int{"a": 1}, tree{Left: &tree{}}, opaque{}, make(chan int), nil)
	records, err = d.DecodeAll(values[len(head)+4:], nil)
	require.NoError(f, err)
	f.Add(records)
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, records []byte) {
		frame := e.EncodeAll(records, nil)
		in := binary.LittleEndian.AppendUint32(bytes.Clone(head), uint32(len(frame)))
		events, err := readAll("log", bytes.NewReader(append(in, frame...)))
		if err != nil && !isInputError(err) {
			t.Fatalf("%d events, then %v", len(events), err)
		}
		for _, e := range events {
			_, _ = e.String(), e.AppendJSON(nil)
		}
	})
}
