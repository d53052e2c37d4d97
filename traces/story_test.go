package traces_test

import (
	"bytes"
	"io"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/traces"
)

// tb is what tests, benchmarks, fuzz targets and rapid's checks have in common.
type tb interface {
	require.TestingT
	Helper()
}

type request struct {
	ID   uint64
	Body any
}

type write struct {
	Key  string
	Data []byte
	Old  *int
}

// story is a small run with most kinds of events: a writes to b, which crashes,
// and comes back. It uses the kernel only, so that its golden files change with
// nothing else.
func story(w *sim.World) {
	send := func(from, to sim.HostID, id uint64, msg any) uint64 {
		data := w.Encode(msg)
		return w.Emit(sim.Event{Kind: sim.Send, Host: from, Peer: to, ID: id, Arg: uint64(len(data)), Value: msg, Data: data})
	}
	w.AddHost("alpha", func(h *sim.Host) {
		w.Emit(sim.Event{Kind: sim.Invoke, Host: h.ID(), Peer: sim.NoHost, ID: 1, Value: write{Key: "x", Data: []byte("new")}})
		sent := send(0, 1, 1, request{7, write{Key: "x", Data: []byte{0, 255}}})
		w.At(sim.Time(2*time.Millisecond), func() {
			w.Begin(sim.Event{Kind: sim.Deliver, Host: 1, Peer: 0, ID: 1, Cause: sent})
			w.Host(1).Crash()
			w.Emit(sim.Event{Kind: sim.Drop, Host: 1, Peer: 0, ID: 2, Cause: send(1, 0, 2, nil), Name: "loss"})
		})
		h.Timer("retry", func() {
			h.Note("retrying, attempt %d", 2)
			send(0, 1, 3, []byte("again"))
			w.Emit(sim.Event{Kind: sim.Return, Host: h.ID(), Peer: sim.NoHost, ID: 1, Name: "unknown"})
		}).Reset(5 * time.Millisecond)
	})
	w.AddHost("b", func(h *sim.Host) {
		h.Go("flush", func(p *sim.Proc) { p.Sleep(time.Millisecond) })
	})
	w.At(sim.Time(3*time.Millisecond), func() {
		w.Choose("restart", 3)
		w.Host(1).Restart()
		w.Emit(sim.Event{Kind: sim.Fault, Host: sim.NoHost, Peer: sim.NoHost, Name: "partition healed"})
	})
	w.Run(sim.Limit{})
}

// record returns the log of a run of seed 42.
func record(t tb, run func(*sim.World)) []byte {
	t.Helper()
	var out bytes.Buffer
	w := sim.New(sim.Config{Seed: 42})
	defer w.Close()
	rec, err := traces.NewRecorder(w, &out, traces.Header{Scenario: "story", Seed: "0x2a", Meta: map[string]string{"nodes": "2", "links": "none"}})
	require.NoError(t, err)
	run(w)
	require.NoError(t, rec.Close())
	return out.Bytes()
}

func open(t tb, log []byte) *traces.Reader {
	t.Helper()
	r, err := traces.NewReader("log", bytes.NewReader(log))
	require.NoError(t, err)
	return r
}

// readAll returns the events of a log up to an error.
func readAll(name string, log io.Reader) ([]traces.Event, error) {
	r, err := traces.NewReader(name, log)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var events []traces.Event
	for e, err := range r.Events() {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

// jsonl returns a log as JSONL.
func jsonl(t tb, log []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, traces.WriteJSONL(&out, open(t, log)))
	return out.Bytes()
}

// logOf returns the log of a run that emits one event for each value.
func logOf(t tb, values ...any) []byte {
	t.Helper()
	return record(t, func(w *sim.World) {
		for _, v := range values {
			w.Emit(sim.Event{Kind: sim.Send, Host: sim.NoHost, Peer: sim.NoHost, Value: v, Data: w.Encode(v)})
		}
	})
}
