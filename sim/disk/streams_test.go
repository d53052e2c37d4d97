package disk

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// busy has a host write, sync, read and rename two files, and crash twice, and returns
// what happened to the file f. Some of what is injected concerns g only.
func busy(t *testing.T, seed uint64, m Model, faults ...Fault) string {
	b := seeded(t, Config{Model: m, Sector: 4, Sync: Latency{Max: time.Millisecond}}, seed)
	var out bytes.Buffer
	b.append("f", strings.Repeat("aaaa", 16))
	b.append("g", strings.Repeat("aaaa", 16))
	b.sync("f", "g", "/")
	for _, f := range faults {
		b.Inject(f)
	}
	for n := range 20 {
		for _, name := range []string{"f", "g"} {
			_, read := b.ReadFile(name)
			wrote := b.WriteAt(name, fmt.Appendf(nil, "%c%[1]c%[1]c", 'b'+n), int64(n*7%60))
			if name == "f" {
				fmt.Fprintln(&out, n, read, wrote)
			}
			b.Sync(name, func(err error) {
				if name == "f" {
					fmt.Fprintln(&out, n, err, b.w.Now())
				}
			})
		}
		b.w.RunFor(10 * time.Millisecond)
		if n%8 == 7 {
			fmt.Fprintln(&out, n, b.Append("f", []byte("unsynced")))
			_ = b.Append("g", []byte("unsynced"))
			b.reboot()
		}
	}
	im := b.Image()
	data, _ := im.Read("f")
	fmt.Fprintf(&out, "%q", data)
	return out.String()
}

// Promise 2: what a fault strikes depends on itself, the file and the operation. One
// more fault that does not touch the file, of any kind, re-rolls nothing.
func TestAFaultMoreLeavesTheOthersAsTheyAre(t *testing.T) {
	third := sim.ProbOf(0.3)
	for _, kind := range FaultKinds() {
		if kind == Stall || kind == Misdirected {
			continue // the one is never told of; the other lands among the sectors there are, also those of g
		}
		bit := 0
		for seed := range uint64(4) {
			f := Fault{Kind: kind, Prob: third, File: "f"}
			if kind == Slow {
				f.Factor = 3
			}
			want := busy(t, seed, Strict, f)
			if want != busy(t, seed, Strict) {
				bit++
			}
			for _, other := range FaultKinds() {
				if other == Misdirected {
					continue // what strays from g may land on f
				}
				more := Fault{Kind: other, Name: "more", Prob: third, File: "g"}
				require.Equal(t, want, busy(t, seed, Strict, more, f), "%v and %v", kind, other)
			}
		}
		if kind != LostRename { // nothing is renamed
			require.Positive(t, bit, "%v changed nothing", kind)
		}
	}
}

// Two faults of one kind strike independently if they have names.
func TestTwoFaultsOfAKindAreTold(t *testing.T) {
	half := sim.ProbOf(0.5)
	a, b := Fault{Kind: ReadError, Name: "a", Prob: half}, Fault{Kind: ReadError, Name: "b", Prob: half}
	require.NotEqual(t, busy(t, 1, Strict, a), busy(t, 1, Strict, b))
	require.NotEqual(t, busy(t, 1, Strict, a), busy(t, 1, Strict, a, b))
}

func TestEqualSeedsGiveEqualDisks(t *testing.T) {
	for _, m := range models {
		simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 10}}, func(w *sim.World) {
			a := NewArray(w, Config{Model: m, Sector: 16, Capacity: 4096, Sync: Latency{Max: time.Millisecond}})
			for _, name := range []string{"a", "b", "c"} {
				h := w.AddHost(name, func(h *sim.Host) {
					d := a.Mount(h, h.Epoch())
					h.Go("store", func(p *sim.Proc) { store(p, d) })
				})
				for _, k := range FaultKinds() {
					f := Fault{Kind: k, Prob: sim.ProbOf(0.02)}
					if k != Stall {
						a.Disk(h).Inject(f)
					}
				}
				for n := range 5 {
					at := sim.Time(h.Key("crash").Num(uint64(n)).Below(int(50 * time.Millisecond)))
					w.At(at, h.Crash)
					w.At(at.Add(time.Millisecond), h.Restart)
				}
			}
			w.Run(sim.Limit{Until: sim.Time(100 * time.Millisecond)})
			require.Empty(t, w.Findings())
			for _, h := range w.Hosts() {
				text, _ := a.Disk(h).Image().MarshalText()
				w.Emit(sim.Event{Kind: sim.Note, Host: h.ID(), Peer: sim.NoHost, Name: string(text)})
			}
		})
	}
}

// store writes to its disk for ever, whatever happens to it.
func store(p *sim.Proc, d *Disk) {
	for n := uint64(0); ; n++ {
		r := p.Host().Key("op").Num(uint64(p.Host().Epoch())).Num(n)
		name := string(rune('f' + r.Num(1).Below(3)))
		switch r.Below(8) {
		case 0:
			_ = d.Rename(name, "f")
		case 1:
			_ = d.Truncate(name, int64(r.Num(2).Below(64)))
		case 2:
			_ = d.SyncDirWait(p)
		case 3, 4:
			_ = d.SyncWait(p, name)
		case 5:
			_, _ = d.ReadFile(name)
		default:
			_ = d.Append(name, []byte(strings.Repeat("x", r.Num(2).Below(40))))
		}
		p.Sleep(100 * time.Microsecond)
	}
}

// A file has draws of its own: more work on another one changes nothing.
func TestAnotherFileLeavesTheLatenciesAsTheyAre(t *testing.T) {
	ends := func(others int) []sim.Time {
		b := newBox(t, Config{Sync: Latency{Max: time.Second}})
		var ends []sim.Time
		for range 5 {
			for n := range others {
				b.append(fmt.Sprint("g", n), "x")
				b.Sync(fmt.Sprint("g", n), nil)
			}
			begun := b.w.Now()
			b.append("f", "x")
			b.Sync("f", func(error) { ends = append(ends, sim.Time(b.w.Now()-begun)) })
			b.w.Run(sim.Limit{})
		}
		return ends
	}
	require.Equal(t, ends(0), ends(3))
	require.Len(t, ends(0), 5)
}
