package traces_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/traces"
)

func TestALogHoldsWhatObserversSaw(t *testing.T) {
	var seen []sim.Event
	var digest sim.Digest
	log := record(t, func(w *sim.World) {
		w.Observe(func(e *sim.Event) { seen = append(seen, *e) })
		story(w)
		digest = w.Digest()
	})
	r := open(t, log)
	require.Equal(t, traces.Header{Scenario: "story", Seed: "0x2a", Meta: map[string]string{"nodes": "2", "links": "none"}}, r.Header())
	hosts := map[sim.HostID]string{sim.NoHost: "", 0: "alpha", 1: "b"}
	var n int
	for e, err := range r.Events() {
		require.NoError(t, err)
		want := seen[n]
		require.Equal(t, []any{want.Seq, want.Cause, want.At, want.Kind, hosts[want.Host], hosts[want.Peer], want.ID, want.Arg, want.N, want.Name},
			[]any{e.Seq, e.Cause, e.At, e.Kind, e.Host, e.Peer, e.ID, e.Arg, e.N, e.Name})
		require.Equal(t, want.Data == nil, e.Value.Form == traces.None)
		n++
	}
	require.Equal(t, len(seen), n)
	end, complete := r.End()
	require.True(t, complete)
	require.Equal(t, traces.End{Events: uint64(n), Digest: digest}, end)
}

// Any sequence of events comes back, however little sense it makes: what a
// reader guesses of an event must be what the recorder guessed.
func TestAnyEventsComeBack(t *testing.T) {
	small := rapid.OneOf(rapid.Uint64Range(0, 9), rapid.Uint64())
	host := rapid.OneOf(rapid.Int32Range(-1, 4), rapid.Int32())
	rapid.Check(t, func(rt *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sim.Event {
			e := sim.Event{
				Kind: sim.Kind(rapid.IntRange(1, 63).Draw(t, "kind")),
				Host: sim.HostID(host.Draw(t, "host")), Peer: sim.HostID(host.Draw(t, "peer")),
				ID: small.Draw(t, "id"), Arg: small.Draw(t, "arg"), N: small.Draw(t, "n"),
				Name: rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b"}), rapid.String()).Draw(t, "name"),
			}
			e.Value = rapid.SampledFrom([]any{nil, 1, "x", []byte{1}, request{1, 2}, request{1, write{Key: "y"}}}).Draw(t, "value")
			return e
		}), 0, 40).Draw(rt, "events")
		gaps := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), len(events), len(events)).Draw(rt, "gaps")
		back := rapid.SliceOfN(small, len(events), len(events)).Draw(rt, "back")
		var seen []sim.Event
		log := record(t, func(w *sim.World) {
			w.AddHost("zero", nil)
			w.AddHost("one", nil)
			w.Run(sim.Limit{})
			w.Observe(func(e *sim.Event) { seen = append(seen, *e) })
			for i, e := range events {
				e.Cause = back[i] % (w.Events() + 1)
				w.At(w.Now().Add(sim.Duration(gaps[i])), func() { w.Emit(e) })
				w.Run(sim.Limit{})
			}
		})
		got, err := readAll("log", bytes.NewReader(log)) // which compares the digests
		require.NoError(rt, err)
		require.Len(rt, got, 2+len(seen)) // two boots
		for i, e := range seen {
			g := got[2+i]
			require.Equal(rt, []any{e.Seq, e.Cause, e.At, e.Kind, e.ID, e.Arg, e.N, e.Name}, []any{g.Seq, g.Cause, g.At, g.Kind, g.ID, g.Arg, g.N, g.Name})
		}
	})
}

func TestTheSameRunGivesTheSameBytes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	long := func(w *sim.World) {
		story(w)
		for i := range 40_000 { // several blocks
			w.Emit(sim.Event{Kind: sim.Send, Host: 0, Peer: 1, ID: uint64(i), Value: map[string]any{
				"a": i, "b": "x", "c": []byte{1}, "d": write{}, "e": int8(1), "f": uint16(2), "g": float32(3)}})
		}
	}
	want := record(t, long)
	runtime.GOMAXPROCS(4)
	var logs sync.Map
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() { logs.Store(i, record(t, long)) })
	}
	all.Wait()
	for i := range 4 {
		got, _ := logs.Load(i)
		require.True(t, bytes.Equal(want, got.([]byte)))
	}
	events, err := readAll("log", bytes.NewReader(want))
	require.NoError(t, err)
	require.Len(t, events, 40_019)
}

func TestRecordingDoesNotChangeTheRun(t *testing.T) {
	alone := sim.New(sim.Config{Seed: 42})
	defer alone.Close()
	story(alone)
	r := open(t, record(t, story))
	for _, err := range r.Events() {
		require.NoError(t, err)
	}
	end, _ := r.End()
	require.Equal(t, alone.Digest(), end.Digest)
}

func TestARecorderComesBeforeTheFirstEvent(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	story(w)
	_, err := traces.NewRecorder(w, new(bytes.Buffer), traces.Header{})
	require.EqualError(t, err, "traces: the world has had 19 events, expected a new one")
}

func TestAHeaderIsShortUTF8(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	for _, h := range []traces.Header{{Seed: "\xff"}, {Scenario: "\xff"}, {Meta: map[string]string{"k": "\xff"}}, {Meta: map[string]string{"\xff": ""}}} {
		_, err := traces.NewRecorder(w, new(bytes.Buffer), h)
		require.EqualError(t, err, `traces: header text "\xff" is not UTF-8`)
	}
	_, err := traces.NewRecorder(w, new(bytes.Buffer), traces.Header{Seed: strings.Repeat("1", 1<<20)})
	require.ErrorContains(t, err, "expected at most 1048576")
}

// full is a disk with room for so many writes.
type full struct{ left int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAWriteErrorIsReturnedAtOnceOrKeptForClose(t *testing.T) {
	for room := range 2 { // for the magic bytes, the header
		w := sim.New(sim.Config{})
		_, err := traces.NewRecorder(w, &full{room}, traces.Header{})
		require.ErrorIs(t, err, errFull)
		w.Close()
	}
	for room := 2; room < 4; room++ {
		w := sim.New(sim.Config{})
		rec, err := traces.NewRecorder(w, &full{room}, traces.Header{})
		require.NoError(t, err)
		for i := range 20_000 {
			w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Name: fmt.Sprintf("remark %d", i)})
		}
		require.Equal(t, uint64(20_000), w.Events(), "the world goes on")
		require.ErrorIs(t, rec.Close(), errFull)
		require.ErrorIs(t, rec.Close(), errFull)
		w.Close()
	}
}

func TestAfterCloseNothingIsRecorded(t *testing.T) {
	var out bytes.Buffer
	w := sim.New(sim.Config{})
	defer w.Close()
	rec, err := traces.NewRecorder(w, &out, traces.Header{})
	require.NoError(t, err)
	note := sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost}
	w.Emit(note)
	require.NoError(t, rec.Close())
	w.Emit(note)
	require.NoError(t, rec.Close())
	events, err := readAll("log", &out)
	require.NoError(t, err)
	require.Len(t, events, 1)
}

func TestAnEventThatALogCannotHoldIsAnError(t *testing.T) {
	for want, e := range map[string]sim.Event{
		"traces: event 1 is of kind 0, expected 1 to 63":                     {Host: sim.NoHost},
		"traces: event 1 is of kind 64, expected 1 to 63":                    {Kind: 64},
		"traces: event 1 has 16777217 bytes, expected at most 16777216":      {Kind: sim.Note, Name: strings.Repeat("x", 16<<20+1)},
		"traces: event 1 has the cause 1, expected one before it":            {Kind: sim.Note, Cause: 1},
		"traces: event 1 follows event 1: an observer has changed the world": {Kind: sim.Boot},
	} {
		w := sim.New(sim.Config{})
		if e.Kind == sim.Boot {
			w.Observe(func(e *sim.Event) {
				if e.Kind == sim.Boot {
					w.Emit(sim.Event{Kind: sim.Note}) // the recorder sees 2 before 1
				}
			})
			want = "traces: event 2 follows event 0: an observer has changed the world"
		}
		rec, err := traces.NewRecorder(w, new(bytes.Buffer), traces.Header{})
		require.NoError(t, err)
		w.Emit(e)
		require.EqualError(t, rec.Close(), want)
		w.Close()
	}
}

func TestNamesOfHostsAreBounded(t *testing.T) {
	var out bytes.Buffer
	w := sim.New(sim.Config{})
	defer w.Close()
	rec, err := traces.NewRecorder(w, &out, traces.Header{})
	require.NoError(t, err)
	w.AddHost("a", nil)
	w.Run(sim.Limit{})
	w.AddHost(strings.Repeat("b", 32<<20), nil)
	w.Emit(sim.Event{Kind: sim.Note, Host: 1, Peer: sim.NoHost})
	require.EqualError(t, rec.Close(), "traces: the names of 2 hosts are too long, expected 33554432 bytes at most")
	events, err := readAll("log", &out)
	require.ErrorIs(t, err, traces.ErrTruncated)
	require.Empty(t, events, "they were in the block that was not written")
}

func TestNamesThatComeBackAreKeptOnce(t *testing.T) {
	size := func(name func(i int) string) int {
		return len(record(t, func(w *sim.World) {
			for i := range 5_000 {
				w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Name: name(i)})
			}
		}))
	}
	many := func(i int) string { return fmt.Sprint("remark ", i) } // more than are given numbers
	require.Less(t, size(func(int) string { return "again" }), 300)
	events, err := readAll("log", bytes.NewReader(record(t, func(w *sim.World) {
		for i := range 10_000 {
			w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Name: many(i % 5_000)})
		}
	})))
	require.NoError(t, err)
	require.True(t, slices.IndexFunc(events, func(e traces.Event) bool { return e.Name != many(int(e.Seq-1)%5_000) }) < 0)
}
